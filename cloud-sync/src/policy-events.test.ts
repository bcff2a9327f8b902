import { expect, test } from "vitest";
import { parsePolicyEvent } from "./policy-events.ts";

test("stored events are read again, others refused", () => {
  const event = {
    format: 1,
    fleet: "plant",
    device: "a",
    sequence: 1,
    code: "DRIFT_DETECTED",
    sensorUs: 5,
    counters: {},
  };
  for (const stored of [
    { kind: "device", event },
    { kind: "campaign", endUs: 7 },
  ]) {
    expect(parsePolicyEvent(JSON.parse(JSON.stringify(stored)))).toEqual(stored);
  }
  expect(() => parsePolicyEvent({ kind: "device", event: { ...event, code: "x y" } })).toThrow();
});
