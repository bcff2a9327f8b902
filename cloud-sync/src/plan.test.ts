import { expect, test } from "vitest";
import { isHeldOut, parsePlan, planSchemas } from "./plan.ts";

test("held-out blocks are every n-th, whole, and none for zero", () => {
  const data = { startUs: 1000, endUs: 2000, holdoutEvery: 4, holdoutBlockUs: 100 };
  const held = Array.from({ length: 100 }, (_, index) => 1000 + 10 * index).filter((startUs) =>
    isHeldOut(data, startUs),
  );
  expect(held).toHaveLength(20);
  expect(held.slice(0, 10)).toEqual([1300, 1310, 1320, 1330, 1340, 1350, 1360, 1370, 1380, 1390]);
  expect(isHeldOut({ ...data, holdoutEvery: 0 }, 1300)).toBe(false);
});

test.for([
  { startUs: 5, endUs: 5, holdoutEvery: 0, holdoutBlockUs: 1 },
  { startUs: 0, endUs: 5.5, holdoutEvery: 0, holdoutBlockUs: 1 },
  { startUs: 0, endUs: 5, holdoutEvery: 0, holdoutBlockUs: 0 },
])("the range %o is refused", (data) => {
  expect(planSchemas.data.safeParse(data).success).toBe(false);
});

test("what is no plan is refused by code", () => {
  expect(() => parsePlan({ format: 1 })).toThrow(
    expect.objectContaining({ code: "MESSAGE_INVALID" }),
  );
});
