import { expect, test } from "vitest";
import { fieldsOf } from "./fields.ts";

const fields = fieldsOf({ name: "a", of: [1, 2], names: ["x"], size: 3, rate: 2.5 }, "block 0");

test("options are read by type", () => {
  expect(fields.text("name")).toBe("a");
  expect(fields.numbers("of")).toEqual([1, 2]);
  expect(fields.texts("names")).toEqual(["x"]);
  expect(fields.count("size")).toBe(3);
  expect(fields.number("rate")).toBe(2.5);
  expect(fields.number("absent", 7)).toBe(7);
});

test.for(["text", "number", "count", "numbers", "texts"] as const)(
  "%s refuses what is absent",
  (reader) => {
    expect(() => fields[reader]("absent")).toThrow("block 0: absent must be");
  },
);

test("a count is whole, a number is finite, a list is not empty", () => {
  const bad = fieldsOf({ count: 1.5, number: Number.NaN, numbers: [] }, "block 1");
  expect(() => bad.count("count")).toThrow("whole number");
  expect(() => bad.number("number")).toThrow("a number");
  expect(() => bad.numbers("numbers")).toThrow("a list");
});
