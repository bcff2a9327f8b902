import { expect, test } from "vitest";
import { parseRolloutEvent } from "./rollout-events.ts";

const started = {
  kind: "started",
  atUs: 1,
  release: { line: "toys", target: "t", manifestSha256: "0".repeat(64) },
  rules: { canaries: 1, stages: [0.5, 1], failuresMax: 0, stageMs: 1, seed: 2 },
  devices: ["a"],
};

test.for([
  started,
  { kind: "joined", atUs: 1, device: "a" },
  { kind: "left", atUs: 1, device: "a" },
  { kind: "reported", atUs: 1, device: "a", outcome: { kind: "active" } },
  { kind: "ticked", atUs: 1 },
])("the stored event $kind is read again", (event) => {
  expect(parseRolloutEvent(JSON.parse(JSON.stringify(event)))).toEqual(event);
});

test("a rollout has a canary and reaches somebody", () => {
  for (const rules of [{ canaries: 0 }, { stages: [] }, { stages: [2] }]) {
    const bad = { ...started, rules: { ...started.rules, ...rules } };
    expect(() => parseRolloutEvent(bad)).toThrow();
  }
});
