import { expect, test } from "vitest";
import { parseCampaignEvent } from "./campaign-events.ts";
import { specOf } from "./policy-office.ts";
import { memorySettings } from "./testing.ts";

const trigger = { reason: "DRIFT_DETECTED", startUs: 1, endUs: 2 };
const spec = { ...specOf(memorySettings, trigger), campaign: "c1" };

test.for([
  { kind: "proposed", atUs: 1, spec },
  { kind: "approved", atUs: 1 },
  { kind: "round-opened", atUs: 1, number: 1, attempt: 1 },
  {
    kind: "round-ended",
    atUs: 1,
    number: 1,
    attempt: 1,
    outcome: { kind: "abandoned", code: "COHORT_TOO_SMALL" },
  },
  { kind: "failed", atUs: 1, code: "LINE_UNKNOWN" },
])("the stored event $kind is read again", (event) => {
  expect(parseCampaignEvent(JSON.parse(JSON.stringify(event)))).toEqual(event);
});

test("a campaign without rounds, or over no time, is none", () => {
  const bad = [{ rounds: 0 }, { data: { ...spec.data, endUs: 1 } }, { release: "all" }];
  for (const change of bad) {
    expect(() =>
      parseCampaignEvent({ kind: "proposed", atUs: 1, spec: { ...spec, ...change } }),
    ).toThrow();
  }
});
