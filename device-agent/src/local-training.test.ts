import type { Plan } from "@edgeloop/cloud-sync";
import type { TensorOf } from "@edgeloop/core/graph";
import { decodeSafetensors } from "@edgeloop/core/graph";
import type { BlobStore } from "@edgeloop/core/platform";
import { concatBytes, parseSha256, virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { trainLocally } from "./local-training.ts";
import { tinyPlan, tinyWindow } from "./testing.ts";

const parent = parseSha256("0".repeat(64));
const data = { startUs: 0, endUs: 1, holdoutEvery: 0, holdoutBlockUs: 1 };
const window = { lengthSamples: 20, channels: 2 };

/** Windows of mean 0.1 and 0.6: both are `still` to the base model, whose threshold is 1. */
const examples = (() => {
  const targets = Array.from({ length: 40 }, (_, index) => index % 2);
  const windows = targets.map((target) => tinyWindow(target === 1 ? 0.6 : 0.1));
  const joined = new Float32Array(
    concatBytes(windows.map((one) => new Uint8Array(one.buffer))).buffer,
  );
  return { data: joined, targets };
})();

async function train(blobs: BlobStore, plan: Plan, given = examples) {
  const base = await blobs.get(plan.base.sha256);
  const step = await blobs.get(plan.step.graph.sha256);
  const payload = await trainLocally(
    { plan, window },
    { base, step },
    { examples: given, open: openSession, clock: virtualClock() },
  );
  return { payload, base: decodeSafetensors(base), update: decodeSafetensors(payload) };
}

async function setUp(over: Partial<Plan> = {}) {
  const blobs = memoryBlobStore();
  return { blobs, plan: await tinyPlan(blobs, parent, { data, ...over }) };
}

const values = (tensors: ReadonlyMap<string, unknown>, name: string): Float32Array =>
  (tensors.get(name) as TensorOf<"float32">).data;

test("the update has the base's tensors, and moves the threshold towards the data", async () => {
  const { blobs, plan } = await setUp();
  const { base, update } = await train(blobs, plan);
  expect([...update.keys()].toSorted()).toEqual([...base.keys()].toSorted());
  // The bias of `still` begins at 5: with windows of 0.6 that are moving it has to fall.
  expect(values(update, "head.bias")[0]).toBeLessThan(0);
  expect(values(update, "head.bias")[1]).toBeGreaterThan(0);
});

test("the same base, step graph, list, seed and backend give the same bytes", async () => {
  const { blobs, plan } = await setUp();
  const first = await train(blobs, plan);
  expect((await train(blobs, plan)).payload).toEqual(first.payload);
  const reseeded = { ...plan, training: { ...plan.training, seed: 2 } };
  expect((await train(blobs, reseeded)).payload).not.toEqual(first.payload);
});

test("augmentation changes what is learned, the same way each time", async () => {
  const { blobs, plan } = await setUp();
  const augment = { rotateDegrees: 0, scale: 0.3, jitter: 0.1, flip: false };
  const augmented = { ...plan, training: { ...plan.training, augment } };
  const first = await train(blobs, augmented);
  expect((await train(blobs, augmented)).payload).toEqual(first.payload);
  expect(first.payload).not.toEqual((await train(blobs, plan)).payload);
  const still = { ...augment, scale: 0, jitter: 0 };
  const untouched = { ...plan, training: { ...plan.training, augment: still } };
  expect((await train(blobs, untouched)).payload).toEqual((await train(blobs, plan)).payload);
});

test("coordinates stay within the plan's largest value", async () => {
  const { blobs, plan } = await setUp();
  const narrow = { ...plan, limits: { ...plan.limits, valueMax: 1e-3 } };
  const { update } = await train(blobs, narrow);
  const all = [...update.keys()].flatMap((name) => [...values(update, name)]);
  expect(Math.max(...all.map(Math.abs))).toBeCloseTo(1e-3, 9);
});

test("a plan that names other ends than the training loop's is refused", async () => {
  const { blobs, plan } = await setUp();
  const renamed = { ...plan, step: { ...plan.step, loss: "cost" } };
  await expect(train(blobs, renamed)).rejects.toMatchObject({ code: "PLAN_UNSUPPORTED" });
});

test("labels that make the loss diverge end with a code, not with NaN in the update", async () => {
  const { blobs, plan } = await setUp();
  const wild = { ...plan, training: { ...plan.training, learningRate: 3e38, epochs: 50 } };
  await expect(train(blobs, wild)).rejects.toMatchObject({ code: "TRAINING_DIVERGED" });
});
