import { expect, test, vi } from "vitest";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { descentModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { loadEngine } from "./wasm-engine.ts";
import { openWasmLoop } from "./wasm-loop.ts";
import { loadProgram } from "./wasm-program.ts";

test("carried tensors live in two buffers, and no step allocates more", async () => {
  const module = await loadEngine({ threads: 1 });
  const graph = descentModel();
  const program = await loadProgram(module, encodeModel(graph).bytes);
  const options = {
    carry: [
      ["w.next", "w"],
      ["count.next", "count"],
    ],
    initial: { w: f32([0, 0]), count: i64([0], []) },
  } as const;
  const end = vi.fn();
  const loop = openWasmLoop(
    { program, inputs: graph.inputs, outputs: graph.outputs },
    options,
    end,
  );
  const feeds = { g: f32([1, 1], [1, 2]), rate: scalar(1) };
  // The first step shows the results' shapes, the second gives them places.
  for (let step = 0; step < 2; step += 1) await loop.step(feeds);
  const allocate = vi.spyOn(module as { _malloc(bytes: number): number }, "_malloc");
  for (let step = 0; step < 10; step += 1) await loop.step(feeds);
  expect(allocate).not.toHaveBeenCalled();
  expect(await loop.read()).toEqual({ w: f32([-12, -12]), count: i64([12], []) });
  await loop.dispose();
  await loop.dispose();
  expect(end).toHaveBeenCalledOnce();
});
