import { expect, test } from "vitest";

import { field } from "./manifest-field.ts";

const document = field({ a: [1, { b: "x" }], n: Number.NaN, list: [1, 2, 3] });
const refusal = (path: string): unknown =>
  expect.objectContaining({
    code: "BUNDLE_MANIFEST_INVALID",
    details: expect.objectContaining({ path }),
  });

test("a refusal names the whole path of the field", () => {
  const a = document.get("a").items({ min: 0, max: 9 });
  expect(() => a[1]?.get("b").integer(0)).toThrow(refusal("a[1].b"));
  expect(() => document.get("missing").text(1)).toThrow(refusal("missing"));
  expect(() => document.get("a").get("b")).toThrow(refusal("a"));
  expect(() => document.get("n").number()).toThrow(refusal("n"));
});

test("lists, members, text and numbers are bounded on both sides", () => {
  expect(() => document.get("list").items({ min: 0, max: 2 })).toThrow(refusal("list"));
  expect(() => document.get("list").items({ min: 4, max: 9 })).toThrow(refusal("list"));
  expect(() => document.entries(2)).toThrow(refusal(""));
  expect(() => field("ab", "t").text(1)).toThrow(refusal("t"));
  expect(() => field("", "t").text(1)).toThrow(refusal("t"));
  expect(() => field(5, "i").integer(0, 4)).toThrow(refusal("i"));
  expect(() => field(1.5, "i").integer(0, 4)).toThrow(refusal("i"));
});

test("members that every object inherits are missing members", () => {
  expect(field({}).get("constructor").value).toBeUndefined();
  expect(field(JSON.parse('{"__proto__": 1}')).get("__proto__").value).toBe(1);
});
