import { loadGraph } from "@edgeloop/core/bundle";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
import type { Classifier } from "./classifier.ts";
import { createClassifier, scoresOf, servesSensor } from "./classifier.ts";
import type { TinyOptions } from "./testing.ts";
import { tinyBundle, tinyWindow } from "./testing.ts";

async function open(options: TinyOptions = {}): Promise<Classifier> {
  const blobs = memoryBlobStore();
  const { manifest, sha256 } = await tinyBundle(blobs, options);
  const graph = await loadGraph(manifest, blobs, "int8");
  const session = await openSession(graph, { backend: "wasm" });
  onTestFinished(() => session.dispose());
  return createClassifier({ identity: sha256, manifest, session, backend: "wasm" });
}

// By hand: mean |x| = 2, logits (5 - 10, 10 - 5) = (-5, 5), softmax of a difference of 10.
test("a window gets the class with the highest score", async () => {
  const classifier = await open();
  const moving = await classifier.classify(tinyWindow(2));
  expect(moving.label).toBe("moving");
  expect(moving.scores[1]).toBeCloseTo(1 / (1 + Math.exp(-10)), 5);
  expect((await classifier.classify(tinyWindow(-0.25))).label).toBe("still");
});

test("scores that are not finite are refused", async () => {
  const classifier = await open({ broken: "nan" });
  await expect(classifier.classify(tinyWindow(1))).rejects.toMatchObject({
    code: "MODEL_OUTPUT_INVALID",
  });
});

test("a graph that takes other windows than its manifest says is refused", async () => {
  const { manifest, identity } = await open();
  const session = await openSession(await loadedTiny(), { backend: "wasm" });
  onTestFinished(() => session.dispose());
  const window = { ...manifest.pipeline.window, lengthSamples: 21 };
  const other = { ...manifest, pipeline: { ...manifest.pipeline, window } };
  expect(() => createClassifier({ identity, manifest: other, session, backend: "wasm" })).toThrow(
    expect.objectContaining({ code: "MODEL_SHAPE_MISMATCH" }),
  );
});

async function loadedTiny() {
  const blobs = memoryBlobStore();
  return await loadGraph((await tinyBundle(blobs)).manifest, blobs, "int8");
}

test("a distribution stays as it is, logits become one", () => {
  expect(scoresOf(Float32Array.of(0.25, 0.75))).toEqual([0.25, 0.75]);
  expect(scoresOf(Float32Array.of(0, 0))).toEqual([0.5, 0.5]);
  // Large logits do not overflow.
  expect(scoresOf(Float32Array.of(1e30, 0))).toEqual([1, 0]);
});

test("a sensor is served when channels, order and units are the model's", async () => {
  const { manifest } = await open();
  const channels = [...manifest.pipeline.channels];
  const info = { sensor: "s", rateHz: 100, channels };
  expect(servesSensor(manifest, info)).toBe(true);
  expect(servesSensor(manifest, { ...info, channels: channels.toReversed() })).toBe(false);
  const inG = channels.map((channel) => ({ ...channel, unit: "g" }));
  expect(servesSensor(manifest, { ...info, channels: inG })).toBe(false);
});
