import type { OrtModule } from "onnxruntime-web/ort-wasm-simd-threaded.mjs";
import { beforeAll, expect, test } from "vitest";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { loadEngine } from "./wasm-engine.ts";
import { allocTensor, freeTensor, readTensor, sameLayout, writeTensor } from "./wasm-tensor.ts";

let module: OrtModule;
beforeAll(async () => {
  module = await loadEngine({ threads: 1 });
});

test.for([f32([1, -2, 3.5], [3, 1]), i64([1, 2, 2 ** 40]), scalar(7), f32([], [0, 4])])(
  "a tensor read back is what was written",
  (tensor) => {
    const there = allocTensor(module, tensor);
    writeTensor(module, there, tensor);
    expect(readTensor(module, there)).toEqual(tensor);
    freeTensor(module, there);
  },
);

test("a copy is ordinary memory, which stays when the heap changes", () => {
  const there = allocTensor(module, f32([1, 2]));
  writeTensor(module, there, f32([1, 2]));
  const copy = readTensor(module, there);
  writeTensor(module, there, f32([8, 9]));
  expect(copy).toEqual(f32([1, 2]));
  expect((copy.data as Float32Array).buffer).toBeInstanceOf(ArrayBuffer);
  freeTensor(module, there);
});

test("tensors outlive the heap's growth", () => {
  const there = allocTensor(module, f32([1, 2]));
  writeTensor(module, there, f32([1, 2]));
  const before = module.HEAPU8.length;
  const large = allocTensor(module, { dtype: "uint8", shape: [before] });
  expect(module.HEAPU8.length).toBeGreaterThan(before);
  expect(readTensor(module, there)).toEqual(f32([1, 2]));
  freeTensor(module, large);
  freeTensor(module, there);
});

test("more memory than there is says so", () => {
  expect(() => allocTensor(module, { dtype: "float64", shape: [600_000_000] })).toThrow(
    expect.objectContaining({ code: "RUN_FAILED" }),
  );
});

test("a layout is dtype and shape", () => {
  const there = allocTensor(module, f32([1, 2], [1, 2]));
  expect(sameLayout(there, f32([5, 6], [1, 2]))).toBe(true);
  expect(sameLayout(there, f32([5, 6], [2, 1]))).toBe(false);
  expect(sameLayout(there, f32([5, 6], [2]))).toBe(false);
  expect(sameLayout(there, i64([5, 6], [1, 2]))).toBe(false);
  freeTensor(module, there);
});
