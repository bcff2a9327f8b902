// int8 graphs and overlapping runs on WebGPU. Skipped where Dawn finds no adapter.
import { expect, test } from "vitest";
import { graphBuilder } from "../../core/src/graph/builder.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import { gaussian, seededRng } from "../../core/src/platform/random.ts";
import { calibrate } from "../../core/src/quantize/calibrate.ts";
import { quantize } from "../../core/src/quantize/quantize.ts";
import { quantizeWeightOnly } from "../../core/src/quantize/weight-only.ts";
import { largestDifference } from "../../core/src/runtime/difference.ts";
import { chooseBackend } from "../../core/src/runtime/node/choose-backend.ts";
import { openSession } from "../../core/src/runtime/node/open.ts";
import { openInWorker } from "../../core/src/runtime/node/open-in-worker.ts";
import { probeGpu } from "../../core/src/runtime/node/webgpu-device.ts";

const probe = await probeGpu();
const isMissing = probe.kind === "unavailable";
const why = probe.kind === "unavailable" ? `: ${probe.reason}` : "";

const rng = seededRng(8);
const noise = (...shape: number[]): ReturnType<typeof f32> =>
  f32(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => gaussian(rng)),
    shape,
  );

function network(): Graph {
  const b = graphBuilder("network");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 12] });
  const hidden = b.add("Relu", [b.add("MatMul", [x, b.initializer("first", noise(12, 8))])]);
  b.add("MatMul", [hidden, b.initializer("second", noise(8, 4))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 4] });
  return b.build();
}

const float = network();
const x = noise(16, 12);

async function runOn(graph: Graph, backend: "wasm" | "webgpu") {
  const session = await openSession(graph, { backend });
  const results = await session.run({ x });
  await session.dispose();
  return results;
}

test.skipIf(isMissing)(`an int8 graph is what it is on wasm, but for rounding${why}`, async () => {
  const open = (graph: Graph) => openSession(graph, { backend: "wasm" });
  const ranges = await calibrate(float, { batches: [{ x }], open });
  for (const [graph, atMost] of [
    // One rounding of inputs and one of hidden values, at two to three steps of 256 each.
    [quantize(float, ranges), 0.02],
    [quantizeWeightOnly(float), 1e-5],
  ] as const) {
    const [wasm, gpu] = [await runOn(graph, "wasm"), await runOn(graph, "webgpu")];
    expect(largestDifference(wasm, gpu)).toBeLessThan(atMost);
  }
});

test.skipIf(isMissing)(`runs of two sessions that overlap all come back${why}`, async () => {
  const sessions = [
    await openSession(float, { backend: "webgpu" }),
    await openSession(float, { backend: "webgpu" }),
  ];
  const expected = await runOn(float, "wasm");
  const runs = sessions.flatMap((session) => [1, 2, 3].map(() => session.run({ x })));
  for (const results of await Promise.all(runs)) {
    expect(largestDifference(expected, results)).toBeLessThan(1e-5);
  }
  for (const session of sessions) await session.dispose();
});

test.skipIf(isMissing)(`a worker thread runs it as this one does${why}`, async () => {
  const session = await openInWorker(float, { backend: "webgpu" });
  const expected = await runOn(float, "wasm");
  expect(largestDifference(expected, await session.run({ x }))).toBeLessThan(1e-5);
  await session.dispose();
});

test.skipIf(isMissing)(`auto verifies it, and takes it only if it is faster${why}`, async () => {
  const { backend, trials } = await chooseBackend(float, { golden: [{ x }] });
  const gpu = trials.find((trial) => trial.backend === "webgpu");
  expect(gpu?.kind).toBe("right");
  const wasm = trials.find((trial) => trial.backend === "wasm");
  const faster =
    gpu?.kind === "right" && wasm?.kind === "right" && gpu.medianUs * 1.1 < wasm.medianUs;
  if (!faster) expect(backend).not.toBe("webgpu");
});
