import type { BlobRef, Name, Rng } from "@edgeloop/core/platform";
import { parseName, parseSha256, seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { step } from "./round.ts";
import type { RoundEvent, RoundRules } from "./round-events.ts";
import { parseRoundEvent } from "./round-events.ts";
import type { RoundState } from "./round-state.ts";
import { deadlineOf, isOver, pendingEffects, plannedRound, workFor } from "./round-state.ts";

const devices: readonly Name[] = ["a", "b", "c", "d", "constructor"].map(parseName);
const [a, b, c] = devices as [Name, Name, Name];
const blob = (digit: string): BlobRef => ({ sha256: parseSha256(digit.repeat(64)), bytes: 8 });
const rules: RoundRules = {
  cohortMin: 2,
  cohortMax: 4,
  seed: 5,
  selectingMs: 10,
  trainingMs: 20,
  calibratingMs: 10,
  evaluatingMs: 10,
  classes: 2,
  bar: { macroF1Min: 0.9 },
};

const opened = (invited: readonly Name[]): RoundEvent => ({ kind: "opened", atUs: 0, invited });
const ready = (device: Name, atUs = 0): RoundEvent => ({
  kind: "answered",
  atUs,
  device,
  answer: { kind: "ready", examples: 10 },
});
const updated = (device: Name, atUs = 0, digit = "1"): RoundEvent => ({
  kind: "updated",
  atUs,
  device,
  update: { payload: blob(digit), examples: 10 },
});
const evaluated = (device: Name, counts: readonly number[]): RoundEvent => ({
  kind: "evaluated",
  atUs: 0,
  device,
  windows: 10,
  confusions: [{ model: "candidate", slice: device, counts }],
});
const aggregated: RoundEvent = {
  kind: "aggregated",
  atUs: 0,
  parameters: blob("2"),
  calibration: { graph: blob("6"), tensors: blob("7") },
};
const calibrated = (device: Name): RoundEvent => ({
  kind: "calibrated",
  atUs: 0,
  device,
  report: blob("3"),
});
const quantized: RoundEvent = {
  kind: "quantized",
  atUs: 0,
  int8: { graph: blob("4"), tensors: blob("5") },
};
const ticked = (atUs: number): RoundEvent => ({ kind: "ticked", atUs });

const run = (events: readonly RoundEvent[], from = plannedRound(rules)): RoundState =>
  events.reduce((state, event) => {
    const result = step(state, event);
    expect(result.refusal).toBeUndefined();
    return result.state;
  }, from);

test("a round goes through all its states", () => {
  const kinds: string[] = [];
  const events = [
    opened([b, a]),
    ready(a),
    ready(b),
    updated(b),
    updated(a),
    aggregated,
    calibrated(a),
    calibrated(b),
    quantized,
    evaluated(a, [5, 0, 0, 5]),
    evaluated(b, [9, 1, 0, 10]),
  ];
  const last = events.reduce((state, event) => {
    const next = step(state, event);
    for (const effect of next.effects) {
      kinds.push(effect.kind === "ring" ? `${effect.work}:${effect.devices}` : effect.kind);
    }
    return next.state;
  }, plannedRound(rules));
  expect(kinds).toEqual([
    "offer:a,b",
    "train:a,b",
    "aggregate",
    "calibrate:a,b",
    "quantize",
    "evaluate:a,b",
    "conclude",
  ]);
  // By hand: 29 of 30 right.
  expect(last).toMatchObject({ kind: "released", figures: { candidate: { accuracy: 29 / 30 } } });
});

test("a candidate below the bar is rejected by code", () => {
  const evaluating = run([
    opened([a, b]),
    ready(a),
    ready(b),
    updated(a),
    updated(b),
    aggregated,
    calibrated(a),
    calibrated(b),
    quantized,
    evaluated(a, [5, 5, 5, 5]),
  ]);
  expect(step(evaluating, evaluated(b, [5, 5, 5, 5])).state).toMatchObject({
    kind: "rejected",
    code: "CANDIDATE_BELOW_BAR",
  });
});

test("a device lost while training may come back until the deadline", () => {
  const training = run([opened([a, b, c]), ready(a), ready(b), ready(c), updated(a), updated(b)]);
  expect(training.kind).toBe("training");
  expect(step(training, ticked(19_999)).state).toBe(training);
  expect(step(training, updated(c, 19_999)).state.kind).toBe("aggregating");
  const late = step(training, ticked(20_000)).state;
  expect(late).toMatchObject({ kind: "aggregating", cohort: [a, b, c] });
  expect(step(late, updated(c))).toMatchObject({ state: late, refusal: "ROUND_CLOSED" });
  expect(workFor(late, c)).toBeUndefined();
});

test("a waiting device holds the selection open until its deadline, and may answer again", () => {
  const waiting = (device: Name): RoundEvent => ({
    kind: "answered",
    atUs: 0,
    device,
    answer: { kind: "waiting", code: "LABELS_INCOMPLETE" },
  });
  const selecting = run([opened([a, b, c]), ready(a), waiting(b), ready(c), waiting(b)]);
  expect(selecting.kind).toBe("selecting");
  expect(workFor(selecting, b)).toBe("offer");
  expect(workFor(selecting, a)).toBeUndefined();
  expect(run([ready(b)], selecting)).toMatchObject({ kind: "training", cohort: [a, b, c] });
  expect(run([ticked(10_000)], selecting)).toMatchObject({ kind: "training", cohort: [a, c] });
});

test.for<[string, readonly RoundEvent[], string]>([
  ["ready", [opened([a, b]), ready(a), ticked(10_000)], "COHORT_TOO_SMALL"],
  ["trained", [opened([a, b]), ready(a), ready(b), ticked(20_000)], "UPDATES_TOO_FEW"],
])("too few devices %s abandon the round", ([, events, code]) => {
  expect(run(events)).toMatchObject({ kind: "abandoned", code });
});

test("too many ready devices are drawn from, the same ones every time", () => {
  const cohort = run([opened(devices), ...devices.map((device) => ready(device))]);
  expect(cohort).toMatchObject({ kind: "training" });
  expect("cohort" in cohort && cohort.cohort).toHaveLength(4);
  const reordered = run([opened(devices), ...devices.toReversed().map((device) => ready(device))]);
  expect(reordered).toEqual(cohort);
});

test.for<[string, readonly RoundEvent[], RoundEvent, string]>([
  ["an answer of a stranger", [opened([a, b])], ready(c), "DEVICE_NOT_INVITED"],
  [
    "a second answer that differs",
    [opened([a, b]), ready(a)],
    { ...ready(a), answer: { kind: "declined", code: "BUSY" } } as RoundEvent,
    "ANSWER_CONFLICT",
  ],
  ["an update before training", [opened([a, b])], updated(a), "ROUND_PHASE_WRONG"],
  [
    "an update from outside the cohort",
    [opened([a, b]), ready(a), ready(b)],
    updated(c),
    "DEVICE_NOT_IN_COHORT",
  ],
  [
    "a second update that differs",
    [opened([a, b]), ready(a), ready(b), updated(a)],
    updated(a, 0, "9"),
    "UPDATE_CONFLICT",
  ],
  [
    "a calibration while training",
    [opened([a, b]), ready(a), ready(b)],
    calibrated(a),
    "ROUND_PHASE_WRONG",
  ],
  [
    "anything after the end",
    [{ kind: "failed", atUs: 0, code: "CODE_CHANGED" }],
    ready(a),
    "ROUND_OVER",
  ],
])("%s is refused and the round unharmed", ([, events, event, refusal]) => {
  const state = run(events);
  expect(step(state, event)).toEqual({ state, effects: [], refusal });
});

/** Draws an event, sensible or not. */
function anyEvent(state: RoundState, atUs: number, rng: Rng): RoundEvent {
  const pick = <T>(items: readonly T[]): T => items[Math.floor(rng() * items.length)] as T;
  const device = pick(devices);
  const answers = [
    { kind: "ready", examples: 10 },
    { kind: "ready", examples: 11 },
    { kind: "waiting", code: "LABELS_INCOMPLETE" },
    { kind: "declined", code: "STORE_FULL" },
  ] as const;
  const events: readonly RoundEvent[] = [
    { kind: "opened", atUs, invited: devices.filter(() => rng() < 0.8) },
    { kind: "answered", atUs, device, answer: pick(answers) },
    { kind: "answered", atUs, device, answer: answers[0] },
    updated(device, atUs, pick(["1", "1", "7"])),
    updated(device, atUs),
    { ...aggregated, atUs } as RoundEvent,
    { ...calibrated(device), atUs } as RoundEvent,
    { ...quantized, atUs } as RoundEvent,
    {
      ...evaluated(
        device,
        pick([
          [5, 0, 0, 5],
          [0, 5, 5, 0],
        ]),
      ),
      atUs,
    } as RoundEvent,
    ticked(rng() < 0.2 ? (deadlineOf(state) ?? atUs) : atUs),
  ];
  return rng() < 0.002 ? { kind: "failed", atUs, code: "CODE_CHANGED" } : pick(events);
}

const order = ["planned", "selecting", "training", "aggregating", "calibrating", "evaluating"];
const rank = (state: RoundState): number =>
  isOver(state) ? order.length : order.indexOf(state.kind);

function checkInvariants(before: RoundState, event: RoundEvent, result: ReturnType<typeof step>) {
  const { state, effects, refusal } = result;
  expect(rank(state)).toBeGreaterThanOrEqual(rank(before));
  if (refusal !== undefined || isOver(before)) expect([state, effects]).toEqual([before, []]);
  if ("cohort" in before && "cohort" in state) expect(state.cohort).toBe(before.cohort);
  if ("updates" in state) {
    expect(state.cohort.length).toBeLessThanOrEqual(rules.cohortMax);
    for (const device of state.updates.keys()) expect(state.cohort).toContain(device);
    if (state.kind !== "training") {
      expect(state.updates.size).toBeGreaterThanOrEqual(rules.cohortMin);
    }
  }
  if ("updates" in before && before.kind !== "training" && "updates" in state) {
    expect(state.updates).toBe(before.updates);
  }
  if (effects.length > 0) expect(effects).toEqual(pendingEffects(state));
  if (refusal === undefined) {
    expect(step(state, event).state.kind === state.kind || event.kind === "ticked").toBe(true);
  }
}

test.for(Array.from({ length: 40 }, (_, seed) => seed))(
  "random events break no invariant, and the stored log gives the state again (seed %i)",
  (seed) => {
    const rng = seededRng(seed);
    let state = plannedRound(rules);
    const log: RoundEvent[] = [];
    for (let atUs = 0; atUs < 60_000 && !isOver(state); atUs += Math.floor(rng() * 400)) {
      const event = anyEvent(state, atUs, rng);
      const result = step(state, event);
      checkInvariants(state, event, result);
      if (result.state !== state) log.push(event);
      state = result.state;
    }
    const stored = log.map((event) => parseRoundEvent(JSON.parse(JSON.stringify(event))));
    expect(run(stored)).toEqual(state);
  },
);

test.for(Array.from({ length: 20 }, (_, seed) => seed))(
  "a round ends by its deadlines whatever the devices do (seed %i)",
  (seed) => {
    const rng = seededRng(1000 + seed);
    let state = step(plannedRound(rules), opened(devices)).state;
    let steps = 0;
    for (let atUs = 0; !isOver(state); atUs += 1000) {
      if (rng() < 0.3) state = step(state, anyEvent(state, atUs, rng)).state;
      for (const effect of pendingEffects(state)) {
        if (effect.kind === "aggregate")
          state = step(state, { ...aggregated, atUs } as RoundEvent).state;
        if (effect.kind === "quantize")
          state = step(state, { ...quantized, atUs } as RoundEvent).state;
      }
      state = step(state, ticked(atUs)).state;
      steps += 1;
      expect(steps).toBeLessThan(80);
    }
  },
);
