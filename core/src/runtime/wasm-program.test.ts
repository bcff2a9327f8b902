import { expect, test } from "vitest";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { affineModel, descentModel, lookupModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { forgetEngine, loadEngine } from "./wasm-engine.ts";
import { loadProgram } from "./wasm-program.ts";
import { allocTensor, takeTensor, writeTensor } from "./wasm-tensor.ts";

test("bytes tell names, dtypes and dimensions; a scalar's rank is unknown to them", async () => {
  const module = await loadEngine({ threads: 1 });
  const program = await loadProgram(module, encodeModel(descentModel()).bytes);
  expect(program.inputs).toEqual([
    { name: "w", dtype: "float32", shape: [2] },
    { name: "count", dtype: "int64" },
    { name: "g", dtype: "float32", shape: ["N", 2] },
    { name: "rate", dtype: "float32" },
  ]);
  expect(program.outputs.map(({ name }) => name)).toEqual(["loss", "w.next", "count.next"]);
  program.release();
});

test("a run writes into the tensors it is given, and makes the others", async () => {
  const module = await loadEngine({ threads: 1 });
  const program = await loadProgram(module, encodeModel(affineModel()).bytes);
  const x = allocTensor(module, f32([1, 2], [1, 2]));
  const y = allocTensor(module, f32([0, 0], [1, 2]));
  writeTensor(module, x, f32([1, 2], [1, 2]));
  const [sum = 0, same] = program.execute([x.handle], [1, 0], [0, y.handle]);
  expect(same).toBe(y.handle);
  expect(takeTensor(module, sum)).toEqual(scalar(8));
  program.release();
});

test("opening, running and releasing over and over does not grow the heap", async () => {
  const module = await loadEngine({ threads: 1 });
  const { bytes } = encodeModel(affineModel());
  const cycle = async (): Promise<void> => {
    const program = await loadProgram(module, bytes);
    program.release();
  };
  for (let round = 0; round < 20; round += 1) await cycle();
  const before = module.HEAPU8.length;
  for (let round = 0; round < 300; round += 1) await cycle();
  expect(module.HEAPU8.length).toBe(before);
});

test("a trap ends the module, and the next session gets another", async () => {
  const module = await loadEngine({ threads: 1 });
  const program = await loadProgram(module, encodeModel(lookupModel()).bytes);
  const index = allocTensor(module, i64([0]));
  const run = module._OrtRun;
  Object.assign(module, {
    _OrtRun: () => {
      throw new RangeError("memory access out of bounds");
    },
  });
  expect(() => program.execute([index.handle], [0], [])).toThrow(
    expect.objectContaining({ code: "RUN_FAILED" }),
  );
  Object.assign(module, { _OrtRun: run });
  await Promise.resolve();
  expect(await loadEngine({ threads: 1 })).not.toBe(module);
  forgetEngine(module);
});
