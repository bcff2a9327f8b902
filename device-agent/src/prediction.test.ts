import { parseSha256 } from "@edgeloop/core/platform";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { gatewayTables } from "./learning-schema.ts";
import { predictionMessage, predictionRow } from "./prediction.ts";
import type { Served } from "./serving.ts";
import { tinyBundle } from "./testing.ts";

const window = { sensor: "vibration", startUs: 100, endUs: 300 };

async function served(): Promise<Served> {
  const { manifest } = await tinyBundle(memoryBlobStore(), { version: 7 });
  const never = (): Promise<never> => Promise.reject(new Error("not asked"));
  return {
    classification: { label: "moving", scores: [0.25, 0.75] },
    classifier: {
      identity: parseSha256("a".repeat(64)),
      manifest,
      backend: "wasm",
      classify: never,
      outputs: never,
      restart: never,
      dispose: never,
    },
  };
}

test("the message names window, label, model and latency", async () => {
  expect(predictionMessage(window, await served(), 3.25)).toEqual({
    format: 1,
    ...window,
    label: "moving",
    scores: [0.25, 0.75],
    model: "a".repeat(64),
    version: 7,
    latencyMs: 3.25,
  });
});

test("the same window by the same model is one row", async () => {
  const store = memoryStore();
  await store.commit(gatewayTables);
  const row = predictionRow(window, await served(), 1);
  await store.commit([row]);
  await store.commit([row]);
  const rows = await store.query("SELECT sensor, start_us, label, scores FROM prediction");
  expect(rows).toEqual([
    { sensor: "vibration", start_us: 100, label: "moving", scores: "[0.25,0.75]" },
  ]);
});
