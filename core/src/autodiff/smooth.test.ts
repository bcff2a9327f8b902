import { expect, test } from "vitest";
import { isSmooth } from "./smooth.ts";

test("floats, what is unknown, and what QuantizeLinear gives carry gradients; other integers do not", () => {
  const node = { name: "n", op: "Cast", inputs: ["x"], outputs: ["y"], attributes: {} };
  const found = (["float32", "float64", undefined, "int64", "bool"] as const).map((dtype) =>
    isSmooth(node, dtype),
  );
  expect(found).toEqual([true, true, true, false, false]);
  expect(isSmooth({ ...node, op: "QuantizeLinear" }, "int8")).toBe(true);
});
