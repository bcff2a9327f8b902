import type { CalibrationTask, EvaluationTask, Plan } from "@edgeloop/cloud-sync";
import { parseName, silentLog, virtualClock } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { learnerHost } from "./learner-host.ts";
import { gatewayTables } from "./learning-schema.ts";
import { openLearningStore } from "./learning-store.ts";
import { windowsPerMessageMax } from "./limits.ts";
import type { Learner } from "./participant.ts";
import { createParticipant, evaluationEntries, trainingEntries } from "./participant.ts";
import { tinyBundle, tinyModelRef, tinyPlan, tinyWindow } from "./testing.ts";

const hopUs = 100_000;
const lengthUs = 200_000;
const signal = new AbortController().signal;
const range = { startUs: 0, endUs: 10_000_000, holdoutEvery: 0, holdoutBlockUs: 1_000_000 };

/** A learner in this process: participant and host are the real ones. */
const here: Learner = {
  use: (work) =>
    work(
      learnerHost({
        open: openSession,
        clock: virtualClock(),
        chooseBackend: () => Promise.resolve({ backend: "wasm", threads: 1, why: "not asked" }),
      }),
    ),
};

async function setUp({ full = false, backends = ["wasm"] as readonly Backend[] } = {}) {
  const [store, blobs] = [memoryStore(), memoryBlobStore()];
  await store.commit(gatewayTables);
  const learning = await openLearningStore(store, { windowsMax: 10_000 });
  const bundle = await tinyBundle(blobs);
  const plan = await tinyPlan(blobs, bundle.sha256, { data: range });
  const participant = () =>
    createParticipant({
      fleet: "plant",
      line: "pumps",
      slice: "pump-1",
      sensors: ["vibration"],
      learning,
      blobs,
      disk: { isFull: () => full },
      learner: here,
      backends: () => Promise.resolve(backends),
      log: silentLog,
    });
  const windows = async (untilUs: number): Promise<void> => {
    for (let startUs = 0; startUs + lengthUs <= untilUs; startUs += hopUs) {
      const data = tinyWindow((startUs / hopUs) % 2 === 0 ? 0.1 : 0.6);
      const window = { sensor: "vibration", startUs, rateHz: 100, data };
      await store.commit(learning.keep(window, bundle.spec));
    }
  };
  const label = (startUs: number, text: string) =>
    learning.label({
      kind: "label",
      sensor: "vibration",
      startUs,
      endUs: startUs + lengthUs,
      label: text,
      by: "anna",
    });
  const complete = (completeUntilUs: number) =>
    learning.label({ kind: "complete", sensor: "vibration", completeUntilUs });
  return { blobs, plan, participant, windows, label, complete, learning };
}

/** Labels over exactly the windows that start at multiples of half a second. */
async function labelSome({ label }: Awaited<ReturnType<typeof setUp>>): Promise<void> {
  for (let startUs = 0; startUs < range.endUs; startUs += 500_000) {
    await label(startUs, startUs % 1_000_000 === 0 ? "still" : "moving");
  }
}

test("a device is ready only when windows and labels are complete up to the end of the range", async () => {
  const all = await setUp();
  const { complete, participant, plan, windows } = all;
  const prepare = () => participant().prepare(plan);
  await windows(range.endUs - hopUs);
  expect(await prepare()).toEqual({ kind: "waiting", code: "WINDOWS_INCOMPLETE" });
  await windows(range.endUs);
  await complete(range.endUs - 1);
  expect(await prepare()).toEqual({ kind: "waiting", code: "LABELS_INCOMPLETE" });
  await labelSome(all);
  await complete(range.endUs);
  // A label covers its window wholly and halves of both neighbours: a tie with no label goes to the label.
  expect(await prepare()).toEqual({ kind: "ready", examples: 59 });
});

test("the list stays as it was sealed, whatever is labelled later and whoever asks", async () => {
  const all = await setUp();
  await all.windows(range.endUs);
  await labelSome(all);
  await all.complete(range.endUs);
  const first = await all.participant().prepare(all.plan);
  const list = await all.learning.list(all.plan.campaign);
  await all.label(200_000, "moving");
  await all.label(0, "moving");
  const secondRound = { ...all.plan, round: parseName("round-2") };
  expect(await all.participant().prepare(secondRound)).toEqual(first);
  expect(await all.learning.list(all.plan.campaign)).toEqual(list);
});

test("classes that the plan does not know are not trained on", async () => {
  const { complete, label, participant, plan, windows } = await setUp();
  await windows(range.endUs);
  await label(0, "<script>");
  await complete(range.endUs);
  expect(await participant().prepare(plan)).toEqual({ kind: "declined", code: "EXAMPLES_NONE" });
});

test.for([
  ["another line", { line: parseName("fans") }, "LINE_OTHER"],
  ["another fleet", { fleet: parseName("other") }, "LINE_OTHER"],
] as const)("a plan for %s is declined", async ([, over, code]) => {
  const { participant, plan } = await setUp();
  const answer = await participant().prepare({ ...plan, ...over } as Plan);
  expect(answer).toEqual({ kind: "declined", code });
});

test("a backend that does not work here is declined, a full disk waits", async () => {
  const native = await setUp();
  const training = { ...native.plan.training, backend: "native" } as const;
  expect(await native.participant().prepare({ ...native.plan, training })).toEqual({
    kind: "declined",
    code: "BACKEND_UNAVAILABLE",
  });
  const full = await setUp({ full: true });
  expect(await full.participant().prepare(full.plan)).toEqual({
    kind: "waiting",
    code: "DISK_FULL",
  });
});

test("training again after a restart gives the same bytes", async () => {
  const all = await setUp();
  await all.windows(range.endUs);
  await labelSome(all);
  await all.complete(range.endUs);
  await all.participant().prepare(all.plan);
  const first = await all.participant().train(all.plan, signal);
  expect(first.examples).toBe(59);
  await all.windows(20_000_000);
  expect(await all.participant().train(all.plan, signal)).toEqual(first);
});

test("work on a plan that was not prepared is refused", async () => {
  const { participant, plan } = await setUp();
  await expect(participant().train(plan, signal)).rejects.toMatchObject({
    code: "PLAN_UNPREPARED",
  });
});

test("held-out blocks are evaluated on, the rest is trained on, and nothing is both", async () => {
  const { plan } = await setUp();
  const data = { ...range, holdoutEvery: 5 };
  const entries = Array.from({ length: 99 }, (_, index) => ({
    sensor: "vibration",
    startUs: index * hopUs,
    label: "still",
  }));
  const training = trainingEntries({ ...plan, data }, entries);
  const held = evaluationEntries({ ...plan, data }, entries);
  expect(new Set([...training, ...held]).size).toBe(entries.length);
  // Blocks of a second: of ten, the fifth and the tenth (which ends with window 98).
  expect(held.map(({ startUs }) => Math.floor(startUs / 1e6))).toEqual([
    ...new Array(10).fill(4),
    ...new Array(9).fill(9),
  ]);
});

test("no more examples than the plan allows are taken, evenly over the range", async () => {
  const { plan } = await setUp();
  const entries = Array.from({ length: 100 }, (_, index) => ({
    sensor: "vibration",
    startUs: index,
    label: "still",
  }));
  const limits = { ...plan.limits, examplesMax: 10 };
  const taken = trainingEntries({ ...plan, limits }, entries);
  expect(taken.map(({ startUs }) => startUs)).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
  const data = { ...range, holdoutEvery: 0 };
  expect(evaluationEntries({ ...plan, data, limits }, entries)).toEqual(taken);
});

test("calibration and evaluation see every listed window", async () => {
  const all = await setUp();
  await all.windows(range.endUs);
  await labelSome(all);
  await all.complete(range.endUs);
  await all.participant().prepare(all.plan);
  const model = await tinyModelRef(all.blobs, 0.3);
  const header = {
    format: 1,
    fleet: all.plan.fleet,
    round: all.plan.round,
    attempt: 1,
    plan: all.plan.parent,
    device: parseName("pump-1"),
    window: "window",
  } as const;
  const calibration: CalibrationTask = { ...header, model, observed: ["logits"] };
  const evaluation: EvaluationTask = {
    ...header,
    models: [{ name: "candidate", model }],
    scores: "logits",
  };
  expect(windowsPerMessageMax).toBeGreaterThan(59);
  const calibrated = await all.participant().calibrate(all.plan, calibration, signal);
  expect(calibrated.windows).toBe(59);
  const { confusions, windows } = await all.participant().evaluate(all.plan, evaluation, signal);
  expect(windows).toBe(59);
  const total = confusions[0]?.counts.reduce((sum, count) => sum + count, 0);
  expect([confusions[0]?.slice, total]).toEqual(["pump-1", 59]);
});
