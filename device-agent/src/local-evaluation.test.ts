import type { CalibrationTask, EvaluationTask } from "@edgeloop/cloud-sync";
import { parseName, parseSha256 } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import type { Histogram } from "@edgeloop/core/statistics";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import type { ModelBytes } from "./learner-protocol.ts";
import type { EvaluationSetting } from "./local-evaluation.ts";
import { calibrateLocally, evaluateLocally } from "./local-evaluation.ts";
import { tinyModelRef, tinyPlan, tinyWindow } from "./testing.ts";

const parent = parseSha256("0".repeat(64));
const data = { startUs: 0, endUs: 1, holdoutEvery: 0, holdoutBlockUs: 1 };
const header = {
  format: 1,
  fleet: parseName("plant"),
  round: parseName("round-1"),
  attempt: 1,
  plan: parent,
  device: parseName("pump-1"),
} as const;

/** Windows of 0.5 and 2 in turn; the last 10 are labelled wrongly on purpose. More than one batch of 32. */
const count = 70;
async function setUp() {
  const blobs = memoryBlobStore();
  const plan = await tinyPlan(blobs, parent, { data });
  const means = Array.from({ length: count }, (_, index) => (index % 2 === 0 ? 0.5 : 2));
  const values = new Float32Array(count * 40);
  for (const [index, mean] of means.entries()) values.set(tinyWindow(mean), index * 40);
  const setting: EvaluationSetting = {
    start: { plan, window: { lengthSamples: 20, channels: 2 } },
    examples: {
      data: values,
      targets: means.map((mean, index) => (index >= count - 10 ? 0 : Number(mean > 1))),
    },
    open: openSession,
  };
  const ref = await tinyModelRef(blobs);
  const model: ModelBytes = {
    graph: await blobs.get(ref.graph.sha256),
    tensors: await blobs.get(ref.tensors.sha256),
  };
  return { setting, ref, model };
}

test("confusion counts every window once, truth by prediction, as counted by hand", async () => {
  const { setting, ref, model } = await setUp();
  const task: EvaluationTask = {
    ...header,
    models: [{ name: "candidate", model: ref }],
    window: "window",
    scores: "logits",
  };
  const result = await evaluateLocally(setting, task, { models: [model], slice: "pump-1" });
  // 35 windows of each kind; of the last ten, five moving ones are said to be still.
  expect(result).toEqual({
    windows: 70,
    confusions: [{ model: "candidate", slice: "pump-1", counts: [35, 5, 0, 30] }],
  });
});

test("histograms count every value of every observed output", async () => {
  const { setting, ref, model } = await setUp();
  const task: CalibrationTask = {
    ...header,
    model: ref,
    window: "window",
    observed: ["logits"],
  };
  const { windows, histograms } = await calibrateLocally(setting, task, model);
  const logits = histograms["logits"] as unknown as Histogram;
  // Logits are (5 - 5 m, 5 m - 5): for m = 0.5 they are ±2.5, for m = 2 they are ±5.
  expect([windows, logits.count, logits.min, logits.max]).toEqual([70, 140, -5, 5]);
});
