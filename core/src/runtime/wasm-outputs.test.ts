import { expect, test, vi } from "vitest";
import { graphBuilder } from "../graph/builder.ts";
import type { Dim } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, scalar } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { affineModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { openWasm } from "./wasm.ts";
import { loadEngine } from "./wasm-engine.ts";
import { keptBytesMax, outputSlots, withPlaces } from "./wasm-outputs.ts";
import { allocTensor, writeTensor } from "./wasm-tensor.ts";

/** The positions of what is not zero, under a declared shape. */
function nonZero(shape: readonly Dim[]): ReturnType<typeof encodeModel> {
  const b = graphBuilder("non-zero");
  b.input({ name: "x", dtype: "float32", shape: ["N"] });
  b.add("NonZero", ["x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "int64", shape });
  return encodeModel(b.build());
}

/** A tensor that the runtime would have made. */
async function made(tensor: Tensor): Promise<number> {
  const module = await loadEngine({ threads: 1 });
  const place = allocTensor(module, tensor);
  writeTensor(module, place, tensor);
  return place.handle;
}

test("an output gets a place once its shape is known, and none that only data decides", async () => {
  const module = await loadEngine({ threads: 1 });
  const inputs = [{ name: "x", dtype: "float32", shape: ["N", "?"] }] as const;
  const shapes: readonly (readonly Dim[] | undefined)[] = [["N", 2], ["K"], ["?"], undefined];
  const outputs = shapes.map((shape, at) =>
    shape === undefined
      ? ({ name: `y${at}`, dtype: "float32" } as const)
      : ({ name: `y${at}`, dtype: "float32", shape } as const),
  );
  const slots = outputSlots(module, { inputs, outputs });
  expect(shapes.map((_, at) => slots.target(at))).toEqual([0, 0, 0, 0]);
  for (const at of shapes.keys()) {
    expect(slots.take(at, await made(f32([1, 2], [1, 2])))).toEqual(f32([1, 2], [1, 2]));
  }
  expect(shapes.map((_, at) => slots.target(at) > 0)).toEqual([true, false, false, false]);
  slots.reset();
  expect(slots.target(0)).toBe(0);
  slots.take(0, await made(f32([1, 2], [1, 2])));
  slots.distrust();
  slots.take(0, await made(f32([1, 2], [1, 2])));
  expect(slots.target(0)).toBe(0);
});

test("a large output keeps no place", async () => {
  const module = await loadEngine({ threads: 1 });
  const shape = [keptBytesMax / 4 + 1];
  const info = { name: "y", dtype: "float32", shape } as const;
  const slots = outputSlots(module, { inputs: [], outputs: [info] });
  slots.take(0, await made(f32(new Float32Array(shape[0] ?? 0))));
  expect(slots.target(0)).toBe(0);
});

test("results stay what they were when the next run writes into the same place", async () => {
  const session = await openWasm(encodeModel(affineModel()), { threads: 1 });
  const results = [];
  for (const x of [1, 2, 3]) results.push(await session.run({ x: f32([x, x], [1, 2]) }));
  // 2 x + 1, and the sum of two of them.
  expect(results).toEqual([3, 5, 7].map((y) => ({ y: f32([y, y], [1, 2]), s: scalar(2 * y) })));
  await session.dispose();
});

test.for<readonly [string, readonly Dim[]]>([
  ["says that data decide its shape", [1, "K"]],
  ["says that its shape is its input's", [1, "N"]],
])("an output that %s gets the one it has", async ([, shape]) => {
  const session = await openWasm(nonZero(shape), { threads: 1 });
  const lengths = [];
  for (const x of [
    [1, 1, 0],
    [1, 1, 0],
    [1, 0, 0],
    [1, 1, 1],
    [0, 1, 1],
  ]) {
    const { y } = await session.run({ x: f32(x) });
    lengths.push(y?.data.length);
  }
  expect(lengths).toEqual([2, 2, 1, 3, 2]);
  await session.dispose();
});

test("an output that is an input, an initialiser or constant is right every time", async () => {
  const b = graphBuilder("passes");
  b.input({ name: "x", dtype: "float32", shape: ["N"] });
  b.initializer("k", f32([5, 6]));
  b.add("Add", [b.constant(scalar(2)), b.constant(scalar(3))], { outputs: ["c"] });
  b.output({ name: "x", dtype: "float32", shape: ["N"] });
  b.output({ name: "k", dtype: "float32", shape: [2] });
  b.output({ name: "c", dtype: "float32", shape: [] });
  const session = await openWasm(encodeModel(b.build()), { threads: 1 });
  for (const x of [
    [1, 2],
    [3, 4],
    [5, 6, 7],
    [8, 9, 10],
  ]) {
    expect(await session.run({ x: f32(x) })).toEqual({ x: f32(x), k: f32([5, 6]), c: scalar(5) });
  }
  const loop = await session.loop({ carry: [["x", "x"]], initial: { x: f32([1, 2]) } });
  for (let step = 0; step < 3; step += 1) await loop.step({});
  expect(await loop.read()).toEqual({ x: f32([1, 2]) });
  await session.dispose();
});

test("another error of a run is not tried again", async () => {
  const slots = outputSlots(await loadEngine({ threads: 1 }), { inputs: [], outputs: [] });
  const execute = vi.fn(() => {
    throw new EdgeloopError("RUN_FAILED", "index out of bounds");
  });
  expect(() => withPlaces(slots, execute)).toThrow("index out of bounds");
  expect(execute).toHaveBeenCalledOnce();
});
