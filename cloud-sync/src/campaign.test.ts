import type { BlobRef } from "@edgeloop/core/platform";
import { parseName, parseSha256 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { CampaignState } from "./campaign.ts";
import {
  campaignEffects,
  campaignStep,
  isCampaignOver,
  roundAttemptsMax,
  roundHasBar,
} from "./campaign.ts";
import type { Blueprint, CampaignEvent, CampaignSpec, RoundOutcome } from "./campaign-events.ts";
import { parseCampaignEvent } from "./campaign-events.ts";

const blob = (digit: string): BlobRef => ({ sha256: parseSha256(digit.repeat(64)), bytes: 4 });
const spec: CampaignSpec = {
  campaign: parseName("c1"),
  line: parseName("pumps"),
  reason: "DRIFT_DETECTED",
  data: { startUs: 0, endUs: 10, holdoutEvery: 0, holdoutBlockUs: 1 },
  training: {
    seed: 1,
    order: "shuffled",
    epochs: 1,
    batchSize: 4,
    learningRate: 0.1,
    backend: "wasm",
    threads: 1,
  },
  limits: { valueMax: 1, weightMax: 9, cohortMax: 3, examplesMax: 9, payloadBytesMax: 99 },
  rounds: 3,
  release: "last",
  approve: "automatic",
  rules: {
    cohortMin: 1,
    cohortMax: 3,
    selectingMs: 1,
    trainingMs: 1,
    calibratingMs: 1,
    evaluatingMs: 1,
  },
  bar: { macroF1Min: 0.5 },
};
const blueprint: Blueprint = {
  parent: parseSha256("a".repeat(64)),
  base: blob("0"),
  classes: ["x", "y"],
  step: {
    graph: blob("b"),
    carry: [],
    window: "window",
    target: "target",
    learningRate: "learningRate",
    loss: "loss",
  },
  observed: ["relu"],
  float: blob("d"),
  parentInt8: { graph: blob("e"), tensors: blob("f") },
  window: "window",
  scores: "scores",
};
const at = (event: object): CampaignEvent => parseCampaignEvent({ atUs: 0, ...event });
const passed = (digit: string, macroF1: number): RoundOutcome => ({
  kind: "released",
  candidate: {
    parameters: blob(digit),
    int8: { graph: blob(digit), tensors: blob(digit) },
    figures: { candidate: { accuracy: 1, macroF1, windows: 1, slices: {}, counts: [1] } },
  },
});
const ended = (number: number, outcome: RoundOutcome, attempt = 1): CampaignEvent =>
  at({ kind: "round-ended", number, attempt, outcome });
const run = (events: readonly CampaignEvent[]): CampaignState =>
  events.reduce(campaignStep, { kind: "new" });
const proposed = (overrides: Partial<CampaignSpec> = {}): CampaignEvent[] => [
  at({ kind: "proposed", spec: { ...spec, ...overrides } }),
  at({ kind: "built", blueprint }),
];

test("each round starts from the candidate before it", () => {
  const first = run(proposed());
  expect(campaignEffects(first)).toMatchObject([{ round: "c1-r1", attempt: 1, base: blob("0") }]);
  const second = campaignStep(first, ended(1, passed("1", 0.6)));
  expect(campaignEffects(second)).toMatchObject([{ round: "c1-r2", attempt: 1, base: blob("1") }]);
  const third = campaignStep(second, ended(2, passed("2", 0.9)));
  const opened = campaignStep(third, at({ kind: "round-opened", number: 3, attempt: 1 }));
  expect(campaignEffects(opened)).toEqual([]);
});

test.for([
  ["last", "3"],
  ["best", "2"],
] as const)("the %s candidate is published", ([release, digit]) => {
  const rounds = [passed("1", 0.9), passed("2", 0.95), passed("3", 0.8)];
  const state = run([
    ...proposed({ release }),
    ...rounds.map((outcome, index) => ended(index + 1, outcome)),
  ]);
  expect(campaignEffects(state)).toMatchObject([
    { kind: "publish", chosen: { parameters: blob(digit) } },
  ]);
  const sha = parseSha256("9".repeat(64));
  const release1 = { version: 2, target: "rounds/pumps/2.json", manifestSha256: sha };
  const done = campaignStep(state, at({ kind: "published", release: release1 }));
  expect(isCampaignOver(done)).toBe(true);
  expect(campaignStep(done, at({ kind: "failed", code: "LATE" }))).toBe(done);
});

test("a best candidate below the bar rejects the campaign", () => {
  const state = run([...proposed({ release: "best", rounds: 1 }), ended(1, passed("1", 0.4))]);
  expect(state).toMatchObject({ kind: "rejected", code: "CANDIDATE_BELOW_BAR" });
});

test("only the last round of a campaign that releases the last is held to the bar", () => {
  expect([1, 2, 3].map((number) => roundHasBar(spec, number))).toEqual([false, false, true]);
  expect(roundHasBar({ ...spec, release: "best" }, 3)).toBe(false);
});

test("an abandoned round is begun anew, a bounded number of times", () => {
  const outcome = { kind: "abandoned", code: "COHORT_TOO_SMALL" } as const;
  const attempts = Array.from({ length: roundAttemptsMax }, (_, index) => index + 1);
  const events = attempts.map((attempt) => ended(1, outcome, attempt));
  expect(run([...proposed(), ...events.slice(0, -1)])).toMatchObject({
    kind: "running",
    number: 1,
    attempt: roundAttemptsMax,
    opened: false,
  });
  expect(run([...proposed(), ...events])).toMatchObject({ kind: "abandoned" });
});

test("an operator's approval is waited for when it is asked for", () => {
  const waiting = run(proposed({ approve: "operator" }).slice(0, 1));
  expect([waiting.kind, campaignEffects(waiting)]).toEqual(["proposed", []]);
  const approved = campaignStep(waiting, at({ kind: "approved" }));
  expect(campaignEffects(approved)).toEqual([{ kind: "build" }]);
});

test("events that do not fit change nothing", () => {
  const running = run(proposed());
  for (const event of [
    at({ kind: "approved" }),
    at({ kind: "proposed", spec }),
    ended(2, passed("1", 1)),
    ended(1, passed("1", 1), 2),
    at({ kind: "round-opened", number: 2, attempt: 1 }),
  ]) {
    expect(campaignStep(running, event)).toBe(running);
  }
});

test("each round knows the base before its own, from the second on: momentum needs both", () => {
  const bases = [0, 1, 2].map((done) => {
    const outcomes = ["1", "2"].slice(0, done).map((digit) => passed(digit, 0.6));
    const state = run([
      ...proposed(),
      ...outcomes.map((outcome, index) => ended(index + 1, outcome)),
    ]);
    const [effect] = campaignEffects(state);
    return effect?.kind === "open-round" ? [effect.base, effect.previous] : undefined;
  });
  expect(bases).toEqual([
    [blob("0"), undefined],
    [blob("1"), blob("0")],
    [blob("2"), blob("1")],
  ]);
});
