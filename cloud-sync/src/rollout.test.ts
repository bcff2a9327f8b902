import type { Name } from "@edgeloop/core/platform";
import { parseName, parseSha256, seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { RolloutState } from "./rollout.ts";
import { isDue, rolloutStep } from "./rollout.ts";
import type { RolloutEvent, RolloutRules } from "./rollout-events.ts";
import { parseRolloutEvent } from "./rollout-events.ts";

const devices: readonly Name[] = Array.from({ length: 10 }, (_, index) => parseName(`d${index}`));
const rules: RolloutRules = { canaries: 1, stages: [0.5, 1], failuresMax: 0, stageMs: 10, seed: 3 };
const release = {
  line: parseName("pumps"),
  target: "rounds/pumps/2.json",
  manifestSha256: parseSha256("a".repeat(64)),
};
const started = (fleet = devices, overrides: Partial<RolloutRules> = {}): RolloutEvent => ({
  kind: "started",
  atUs: 0,
  release,
  rules: { ...rules, ...overrides },
  devices: fleet,
});
const active = (device: Name, atUs = 0): RolloutEvent => ({
  kind: "reported",
  atUs,
  device,
  outcome: { kind: "active" },
});
const refused = (device: Name): RolloutEvent => ({
  kind: "reported",
  atUs: 0,
  device,
  outcome: { kind: "refused", code: "HEALTH_LATENCY" },
});
const run = (events: readonly RolloutEvent[], from: RolloutState = { kind: "new" }): RolloutState =>
  events.reduce(rolloutStep, from);
const due = (state: RolloutState, fleet = devices): readonly Name[] =>
  fleet.filter((device) => isDue(state, device));

test("one canary first, then half of the fleet, then the rest", () => {
  let state = run([started()]);
  const sizes: number[] = [];
  while (state.kind === "rolling") {
    const now = due(state);
    sizes.push(now.length);
    state = run(
      now.map((device) => active(device)),
      state,
    );
  }
  expect(sizes).toEqual([1, 4, 5]);
  expect(state.kind).toBe("done");
});

test("a canary that fails its health gate stops the rollout, and the report says why", () => {
  const state = run([started()]);
  const [canary] = due(state) as [Name];
  const stopped = run([refused(canary)], state);
  expect(stopped).toMatchObject({
    kind: "stopped",
    failures: new Map([[canary, "HEALTH_LATENCY"]]),
  });
  expect(due(stopped)).toEqual([]);
  expect(due(run([{ kind: "joined", atUs: 0, device: parseName("late") }], stopped))).toEqual([]);
});

test("refusals within the allowance are borne", () => {
  const state = run([started(devices, { failuresMax: 1, canaries: 2 })]);
  const [first, second] = due(state) as [Name, Name];
  const next = run([refused(first), active(second)], state);
  expect(next).toMatchObject({ kind: "rolling", group: 1 });
});

test("a late joiner waits for the last stage, and gets the release of a finished rollout", () => {
  const late = parseName("late");
  const joined = run([started(), { kind: "joined", atUs: 0, device: late }]);
  expect(isDue(joined, late)).toBe(false);
  const all = [...devices, late];
  let state = joined;
  while (state.kind === "rolling")
    state = run(
      due(state, all).map((device) => active(device)),
      state,
    );
  const last = parseName("last");
  expect(isDue(run([{ kind: "joined", atUs: 0, device: last }], state), last)).toBe(true);
});

test("the first device of an empty fleet is its canary", () => {
  const [first, second] = devices as [Name, Name];
  const state = run([
    started([]),
    { kind: "joined", atUs: 0, device: first },
    { kind: "joined", atUs: 0, device: second },
  ]);
  expect(due(state)).toEqual([first]);
  const next = run([active(first)], state);
  expect(due(next)).toEqual([second]);
});

test("a silent canary is joined by another device; silent devices of a stage do not hold it up", () => {
  const state = run([started()]);
  const [canary] = due(state) as [Name];
  const widened = run([{ kind: "ticked", atUs: 10_000 }], state);
  const [other] = due(widened).filter((device) => device !== canary) as [Name];
  const second = run([active(other, 11_000), { kind: "ticked", atUs: 20_000 }], widened);
  expect(second).toMatchObject({ kind: "rolling", group: 1 });
  expect(isDue(second, canary)).toBe(true);
});

test("a revoked device no longer counts", () => {
  const state = run([started()]);
  const [canary] = due(state) as [Name];
  const left = run([{ kind: "left", atUs: 0, device: canary }], state);
  const next = run([{ kind: "ticked", atUs: 10_000 }], left);
  expect(due(next)).toHaveLength(1);
});

test.for(Array.from({ length: 30 }, (_, seed) => seed))(
  "random events: groups never shrink, nobody leaves `active`, and the log gives the state again (seed %i)",
  (seed) => {
    const rng = seededRng(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(rng() * items.length)] as T;
    let state = run([started(devices.slice(0, 7), { seed, failuresMax: 2 })]);
    const log: RolloutEvent[] = [started(devices.slice(0, 7), { seed, failuresMax: 2 })];
    for (let atUs = 0; atUs < 200_000; atUs += 3_000) {
      const device = pick(devices);
      const event: RolloutEvent = pick([
        { kind: "joined", atUs, device },
        { ...active(device), atUs },
        ...(rng() < 0.2 ? [{ ...refused(device), atUs }] : []),
        { kind: "ticked", atUs },
      ]);
      const next = rolloutStep(state, event);
      if (next.kind === "new" || state.kind === "new") throw new Error("unreachable");
      expect(next.group).toBeGreaterThanOrEqual(state.group);
      for (const [name, member] of state.members) {
        const after = next.members.get(name);
        expect(after?.group).toBeLessThanOrEqual(member.group);
        if (member.status !== "pending") expect(after).toEqual(member);
      }
      if (next.kind === "rolling") expect(next.failures.size).toBeLessThanOrEqual(2);
      log.push(event);
      state = next;
    }
    expect(run(log.map((event) => parseRolloutEvent(JSON.parse(JSON.stringify(event)))))).toEqual(
      state,
    );
  },
);
