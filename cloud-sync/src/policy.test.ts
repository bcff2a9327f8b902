import { parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { DeviceEvent } from "./fleet-messages.ts";
import type { LoopPolicy, PolicyEvent, PolicyState } from "./policy.ts";
import { decide, policyStart, policyStep } from "./policy.ts";

const policy: LoopPolicy = {
  retrain: { drift: { devicesMin: 2 }, objective: { devicesMin: 2 }, labels: { countMin: 100 } },
  coolDownS: 60,
  range: { beforeS: 5, afterS: 30 },
  cohortMin: 2,
};
let sequence = 0;
const says = (device: string, code: string, atS: number, labels = 0): PolicyEvent => {
  sequence += 1;
  const event: DeviceEvent = {
    format: 1,
    fleet: parseName("plant"),
    device: parseName(device),
    sequence,
    code,
    sensorUs: atS * 1e6,
    counters: { [parseName("labels")]: labels },
  };
  return { kind: "device", event };
};
const run = (events: readonly PolicyEvent[], from: PolicyState = policyStart): PolicyState =>
  events.reduce((state, event) => policyStep(policy, state, event), from);

test("drift on enough devices fixes a range, which is collected before the campaign starts", () => {
  const one = run([says("a", "DRIFT_DETECTED", 100)]);
  expect(decide(policy, one)).toEqual({ kind: "idle" });
  const trigger = { reason: "DRIFT_DETECTED", startUs: 95e6, endUs: 134e6 };
  const two = run([says("b", "DRIFT_DETECTED", 104)], one);
  expect(decide(policy, two)).toEqual({ kind: "collecting", trigger });
  const later = run([says("c", "DRIFT_DETECTED", 110), says("a", "DATA_ADVANCED", 134)], two);
  expect(decide(policy, later)).toEqual({ kind: "collecting", trigger });
  expect(decide(policy, run([says("c", "DATA_ADVANCED", 140)], later))).toEqual({
    kind: "start",
    trigger,
  });
});

test("a device that drifts twice counts once, and one that recovers not at all", () => {
  const twice = run([says("a", "DRIFT_DETECTED", 1), says("a", "DRIFT_DETECTED", 2)]);
  expect(decide(policy, twice).kind).toBe("idle");
  const cleared = run([says("a", "DRIFT_CLEARED", 3), says("b", "DRIFT_DETECTED", 4)], twice);
  expect(decide(policy, cleared).kind).toBe("idle");
});

test("a missed objective on enough devices starts a campaign", () => {
  const state = run([says("a", "OBJECTIVE_MISSED", 50), says("b", "OBJECTIVE_MISSED", 60)]);
  expect(decide(policy, state)).toMatchObject({
    trigger: { reason: "OBJECTIVE_MISSED", startUs: 45e6, endUs: 90e6 },
  });
});

test("enough new labels start a campaign over data that is there already", () => {
  const state = run([says("a", "LABELS_ADDED", 200, 60), says("b", "LABELS_ADDED", 210, 50)]);
  expect(decide(policy, state)).toEqual({
    kind: "start",
    trigger: { reason: "LABELS_ADDED", startUs: 165e6, endUs: 200e6 },
  });
});

test("nothing starts while it cools down, in sensor time, and old reports are forgotten", () => {
  const drifted = run([says("a", "DRIFT_DETECTED", 100), says("b", "DRIFT_DETECTED", 100)]);
  const campaign = run([{ kind: "campaign", endUs: 130e6 }], drifted);
  expect(decide(policy, campaign).kind).toBe("idle");
  const cooling = run(
    [says("a", "DRIFT_DETECTED", 189), says("b", "DRIFT_DETECTED", 189)],
    campaign,
  );
  expect(decide(policy, cooling).kind).toBe("idle");
  const one = run([says("b", "DATA_ADVANCED", 400)], cooling);
  expect(decide(policy, one).kind).toBe("idle");
  const cooled = run([says("a", "DATA_ADVANCED", 190)], one);
  expect(decide(policy, cooled).kind).toBe("collecting");
});

test("an unknown code is remembered as progress and nothing else", () => {
  const state = run([says("a", "STORE_FULL", 10), says("a", "DATA_ADVANCED", 5)]);
  expect([...state.devices.values()]).toMatchObject([{ sensorUs: 10e6, labels: 0 }]);
});

test("an event that arrives twice counts once", () => {
  const labels = says("a", "LABELS_ADDED", 10, 60);
  const state = run([labels, labels]);
  expect([...state.devices.values()]).toMatchObject([{ labels: 60 }]);
});

const dayS = 86_400;

test("one device that is far ahead fixes no range, and does not end the cool-down", () => {
  const wrong = run([says("a", "DRIFT_DETECTED", 100), says("z", "DRIFT_DETECTED", 2 * dayS)]);
  expect(decide(policy, wrong).kind).toBe("idle");
  const right = run([says("b", "DRIFT_DETECTED", 104)], wrong);
  expect(decide(policy, right)).toMatchObject({ trigger: { startUs: 95e6, endUs: 134e6 } });
  const cooling = run(
    [
      { kind: "campaign", endUs: 134e6 },
      says("a", "DRIFT_DETECTED", 150),
      says("b", "DRIFT_DETECTED", 150),
    ],
    right,
  );
  expect(decide(policy, cooling).kind).toBe("idle");
});

test("labels of a device that is far ahead, or gone, wait for it", () => {
  const events = [says("a", "LABELS_ADDED", 8 * dayS, 60), says("b", "LABELS_ADDED", 8 * dayS, 30)];
  const state = run([
    says("z", "LABELS_ADDED", 10 * dayS, 60),
    says("y", "LABELS_ADDED", 5, 60),
    ...events,
  ]);
  expect(decide(policy, state).kind).toBe("idle");
  const more = run([says("b", "LABELS_ADDED", 8 * dayS + 1, 10)], state);
  expect(decide(policy, more)).toMatchObject({ kind: "start", trigger: { endUs: 8 * dayS * 1e6 } });
});

test("a trigger whose cohort never comes together is replaced by one of those who are there", () => {
  const four = { ...policy, cohortMin: 4 };
  const go = (events: readonly PolicyEvent[], from: PolicyState = policyStart) =>
    events.reduce((state, event) => policyStep(four, state, event), from);
  const waiting = go([
    says("d", "DRIFT_DETECTED", 90),
    ...["a", "b", "c"].map((name) => says(name, "DRIFT_DETECTED", 100)),
  ]);
  expect(decide(four, waiting)).toMatchObject({ kind: "collecting", trigger: { endUs: 130e6 } });
  const week = 7 * dayS;
  const before = go(
    ["a", "b", "c"].map((name) => says(name, "DATA_ADVANCED", week + 129)),
    waiting,
  );
  expect(decide(four, before)).toMatchObject({ trigger: { endUs: 130e6 } });
  const after = go(
    ["a", "b", "c"].map((name) => says(name, "DATA_ADVANCED", week + 130)),
    before,
  );
  const trigger = {
    reason: "DRIFT_DETECTED",
    startUs: (week + 125) * 1e6,
    endUs: (week + 160) * 1e6,
  };
  expect(decide(four, after)).toEqual({ kind: "collecting", trigger });
  const joined = go(
    ["a", "b", "c", "e"].map((name) => says(name, "DATA_ADVANCED", week + 160)),
    after,
  );
  expect(decide(four, joined)).toEqual({ kind: "start", trigger });
});

test("a trigger whose data are complete waits as long as another campaign runs", () => {
  const complete = run([
    ...["a", "b"].map((name) => says(name, "DRIFT_DETECTED", 100)),
    ...["a", "b"].map((name) => says(name, "DATA_ADVANCED", 30 * dayS)),
  ]);
  expect(decide(policy, complete)).toMatchObject({ kind: "start", trigger: { endUs: 130e6 } });
});
