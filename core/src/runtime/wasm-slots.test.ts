import { expect, test, vi } from "vitest";
import { f32 } from "../graph/tensor.ts";
import { loadEngine } from "./wasm-engine.ts";
import { inputSlots } from "./wasm-slots.ts";

test("a place is kept while the layout stays, and replaced when it changes", async () => {
  const onNewShape = vi.fn();
  const slots = inputSlots(await loadEngine({ threads: 1 }), onNewShape);
  const first = slots.write(0, f32([1, 2]));
  expect(slots.write(0, f32([3, 4]))).toBe(first);
  const other = slots.write(1, f32([1, 2]));
  expect(other).not.toBe(first);
  expect(onNewShape).toHaveBeenCalledTimes(2);
  slots.write(0, f32([1, 2, 3]));
  expect(onNewShape).toHaveBeenCalledTimes(3);
  expect(slots.write(1, f32([5, 6]))).toBe(other);
  slots.free();
});
