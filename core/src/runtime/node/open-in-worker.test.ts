import { expect, test } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import { f32, scalar } from "../../graph/tensor.ts";
import { sessionContract } from "../../testing/session-contract.ts";
import { affineModel } from "../../testing/session-models.ts";
import { openInWorker } from "./open-in-worker.ts";
import { nativeAvailable } from "./probe.ts";

// Native starts faster; the runs and restarts below cover wasm in a worker.
const backend = (await nativeAvailable()) ? "native" : "wasm";
sessionContract("worker", (model) => openInWorker(model, { backend }));

/** Multiplies a square matrix with itself many times: a run long enough to be caught in. */
function slowModel(): Graph {
  const b = graphBuilder("slow");
  b.input({ name: "x", dtype: "float32", shape: ["N", "N"] });
  let value = "x";
  for (let round = 0; round < 400; round += 1) value = b.add("MatMul", [value, "x"]);
  b.add("Identity", [value], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", "N"] });
  return b.build();
}
const large = (): ReturnType<typeof f32> => f32(new Float32Array(1 << 20), [1 << 10, 1 << 10]);

test("a run over its deadline ends the worker; a restart serves again, old loops stay dead", async () => {
  const session = await openInWorker(slowModel(), { backend: "wasm", callTimeoutMs: 3_000 });
  const loop = await session.loop({ carry: [["y", "x"]], initial: { x: large() } });
  await expect(loop.step({})).rejects.toMatchObject({ code: "WORKER_TIMEOUT" });
  const x = f32([1], [1, 1]);
  await expect(session.run({ x })).rejects.toMatchObject({ code: "WORKER_DIED" });
  await session.restart();
  expect(await session.run({ x })).toEqual({ y: x });
  await expect(loop.read()).rejects.toMatchObject({ code: "WORKER_DIED" });
  await session.dispose();
  await expect(session.restart()).rejects.toMatchObject({ code: "SESSION_DISPOSED" });
});

test("the calling thread goes on while a run is under way", async () => {
  const session = await openInWorker(affineModel(), { backend: "wasm" });
  let turns = 0;
  const timer = setInterval(() => {
    turns += 1;
  }, 1);
  const rows = 1 << 20;
  const x = f32(new Float32Array(2 * rows), [rows, 2]);
  expect(await session.run({ x }, ["s"])).toEqual({ s: scalar(2 * rows) });
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
  await session.dispose();
});

test("a model that is refused leaves no thread behind", async () => {
  const open = openInWorker(Uint8Array.of(1), { backend: "wasm" });
  await expect(open).rejects.toMatchObject({ code: "MODEL_INVALID" });
});

test("whoever waits for a run while the session is disposed hears that, not that a worker died", async () => {
  const session = await openInWorker(slowModel(), { backend: "wasm" });
  const running = session.run({ x: large() });
  const told = expect(running).rejects.toMatchObject({ code: "SESSION_DISPOSED" });
  await session.dispose();
  await told;
});

const isNative = backend === "native";

// Terminating a thread inside onnxruntime-node 1.30 aborts the process: without the wait this does not get far.
test.skipIf(!isNative)(
  "a native session that runs can be disposed (skipped without onnxruntime-node)",
  async () => {
    for (let round = 0; round < 20; round += 1) {
      const session = await openInWorker(slowModel(), { backend: "native" });
      const x = f32(new Float32Array(1 << 10), [1 << 5, 1 << 5]);
      const runs = Array.from({ length: 10 }, () => session.run({ x }));
      const outcomes = Promise.allSettled(runs);
      await runs[round % 3];
      await session.dispose();
      for (const outcome of await outcomes) {
        if (outcome.status === "fulfilled") continue;
        expect(outcome.reason).toMatchObject({ code: "SESSION_DISPOSED" });
      }
    }
  },
);

test.skipIf(!isNative)(
  "a native run over its deadline is given up; a restart serves again (skipped without onnxruntime-node)",
  async () => {
    const session = await openInWorker(slowModel(), { backend: "native", callTimeoutMs: 1_500 });
    await expect(session.run({ x: large() })).rejects.toMatchObject({ code: "WORKER_TIMEOUT" });
    const x = f32([1], [1, 1]);
    await expect(session.run({ x })).rejects.toMatchObject({ code: "WORKER_DIED" });
    await session.restart();
    expect(await session.run({ x })).toEqual({ y: x });
    await session.dispose();
  },
);
