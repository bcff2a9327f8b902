import { expect, test } from "vitest";
import { i64 } from "../graph/tensor.ts";
import { copyIn, copyOut } from "./tflite-program.ts";

test("elements pass through an engine's memory, and the results are copies", () => {
  const memory = new Uint8Array(16);
  copyIn(i64([3, -1]), memory);
  const y = copyOut({ name: "y", dtype: "int64", shape: [2] }, memory);
  memory.fill(0);
  expect(y).toEqual(i64([3, -1]));
});

test("text has no elements to copy", () => {
  const text = { dtype: "string", shape: [1], data: ["a"] } as const;
  expect(() => copyIn(text, new Uint8Array(1))).toThrow(TypeError);
  expect(() => copyOut({ name: "y", dtype: "string" }, new Uint8Array(1))).toThrow(TypeError);
});
