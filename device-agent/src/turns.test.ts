import { expect, test } from "vitest";
import { turns } from "./turns.ts";

test("operations run one after the other, also after one that failed", async () => {
  const alone = turns();
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = alone(async () => {
    await gate.promise;
    order.push("first");
    throw new Error("told to fail");
  });
  const second = alone(() => Promise.resolve(order.push("second")));
  gate.resolve();
  await expect(first).rejects.toThrow("told to fail");
  await second;
  expect(order).toEqual(["first", "second"]);
});
