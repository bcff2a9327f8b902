import * as api from "onnxruntime-web";
import { expect, test } from "vitest";
import type { Tensor } from "../graph/tensor.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { fromOrt, mapTensors, toOrt } from "./ort-tensor.ts";

const half: Tensor = { dtype: "float16", shape: [2], data: Uint16Array.of(0x3c00, 0xc000) };

test.for<Tensor>([f32([1, 2], [2, 1]), i64([5], []), half])(
  "a tensor goes there and back",
  (tensor) => {
    const there = toOrt(api, tensor);
    expect(there.type).toBe(tensor.dtype);
    expect(fromOrt(there)).toEqual(tensor);
  },
);

test("float16 is the raw bits, whichever array the engine holds it in", () => {
  const engine = new api.Tensor("float16", Uint16Array.of(0x3c00), [1]);
  expect(fromOrt(engine)).toEqual({ dtype: "float16", shape: [1], data: Uint16Array.of(0x3c00) });
});

test("records keep their names", () => {
  expect(mapTensors({ a: f32([1]), b: f32([2, 3]) }, ({ data }) => data.length)).toEqual({
    a: 1,
    b: 2,
  });
});
