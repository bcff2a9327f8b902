import type { Manifest } from "@edgeloop/core/bundle";
import { loadGraph } from "@edgeloop/core/bundle";
import { decodeOnnx, encodeOnnx, encodeSafetensors, f32 } from "@edgeloop/core/graph";
import type { BlobStore } from "@edgeloop/core/platform";
import { codeOf } from "@edgeloop/core/platform";
import { rangesOf } from "@edgeloop/core/quantize";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { beforeAll, expect, test } from "vitest";
import { readTensors } from "./aggregate.ts";
import type { Blueprint } from "./campaign-events.ts";
import type { LineModelSettings } from "./line-models.ts";
import {
  blueprintOf,
  floatCandidate,
  int8Candidate,
  loadModel,
  observedCandidate,
} from "./line-models.ts";
import { floats, runToy, toyHistograms, toyWindows } from "./testing/toy-line.ts";
import { toyBundle, toyData } from "./testing.ts";

const settings: LineModelSettings = {
  optimizer: { kind: "adamw", weightDecay: 0 },
  labelSmoothing: 0,
  quantizeAfter: [],
};
const window = toyWindows(toyData(9, 32));
let registry: BlobStore;
let blobs: BlobStore;
let manifest: Manifest;
let blueprint: Blueprint;
beforeAll(async () => {
  registry = memoryBlobStore();
  blobs = memoryBlobStore();
  const built = await toyBundle(registry);
  manifest = built.manifest;
  blueprint = await blueprintOf(
    { manifest, identity: built.sha256, blobs: registry },
    settings,
    blobs,
  );
});

test("the base holds the learned tensors, and the step graph starts from them", async () => {
  const base = await readTensors(blobs, blueprint.base);
  expect(Object.keys(base)).toEqual(["head.bias", "head.weight", "hidden.bias", "hidden.weight"]);
  const step = decodeOnnx(await blobs.get(blueprint.step.graph.sha256));
  const inputs = step.inputs.map(({ name }) => name);
  const { carry, target, weight, learningRate } = blueprint.step;
  for (const name of [...carry.map(({ input }) => input), target, weight, learningRate]) {
    expect(inputs).toContain(name);
  }
  expect(carry.map(({ input }) => input)).toEqual(expect.arrayContaining(Object.keys(base)));
  expect(step.outputs.map(({ name }) => name)).toContain(blueprint.step.loss);
});

test("the candidate with the base's parameters is the released model, to the bit", async () => {
  const candidate = await floatCandidate(blueprint, blueprint.base, blobs);
  const released = await loadGraph(manifest, registry, "float");
  const [a, b] = [
    await runToy(candidate, window, ["scores"]),
    await runToy(released, window, ["scores"]),
  ];
  expect(a).toEqual(b);
});

test("the blueprint is the same every time it is built", async () => {
  const identity = blueprint.parent;
  const again = await blueprintOf({ manifest, identity, blobs: registry }, settings, blobs);
  expect(again).toEqual(blueprint);
});

test("a calibrated candidate is the line's int8 graph with other numbers, near to float", async () => {
  const candidate = await floatCandidate(blueprint, blueprint.base, blobs);
  const watched = await observedCandidate(candidate, settings, blobs);
  const histograms = await toyHistograms(
    await loadModel(watched, blobs),
    blueprint.observed,
    window,
  );
  const ranges = rangesOf(histograms, "minmax");
  const parent = blueprint.parentInt8;
  const int8 = await int8Candidate(candidate, ranges, { settings, parent, blobs });
  expect(int8.graph.sha256).toBe(manifest.int8.graph.sha256);
  const [scores, exact] = await Promise.all(
    [await loadModel(int8, blobs), candidate].map(async (graph) =>
      floats((await runToy(graph, window, ["scores"]))["scores"]),
    ),
  );
  const worst = Math.max(
    ...(scores ?? []).map((score, at) => Math.abs(score - (exact?.[at] ?? 1))),
  );
  expect(worst).toBeLessThan(0.05);
});

test("a quantized graph that is not the line's is refused before anybody gets it", async () => {
  const candidate = await floatCandidate(blueprint, blueprint.base, blobs);
  const parent = { ...blueprint.parentInt8, graph: blueprint.float };
  const watched = await loadModel(await observedCandidate(candidate, settings, blobs), blobs);
  const ranges = rangesOf(await toyHistograms(watched, blueprint.observed, window), "minmax");
  const refused = int8Candidate(candidate, ranges, { settings, parent, blobs });
  expect(await refused.then(() => "TAKEN", codeOf)).toBe("QUANTIZATION_MISMATCH");
});

test("parameters of other shapes do not fit", async () => {
  const wrong = await blobs.put(encodeSafetensors(new Map([["head.bias", f32([1])]])));
  const refused = floatCandidate(blueprint, wrong, blobs);
  expect(await refused.then(() => "TAKEN", codeOf)).toBe("WEIGHTS_MISMATCH");
  expect(encodeOnnx(await floatCandidate(blueprint, blueprint.base, blobs)).length).toBeGreaterThan(
    500,
  );
});
