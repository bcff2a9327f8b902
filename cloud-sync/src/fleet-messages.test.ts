import { expect, test } from "vitest";
import {
  parseAcknowledgement,
  parseBell,
  parseDeviceEvent,
  parseDeviceState,
  parseRollout,
  parseRolloutReport,
  parseWorkList,
  releaseSchema,
} from "./fleet-messages.ts";

test("a bell carries a kind and an id, nothing else", () => {
  const bell = { kind: "offer", id: "c1-r1" };
  expect(parseBell(bell)).toEqual(bell);
  expect(parseWorkList({ format: 1, work: [bell] }).work).toEqual([bell]);
  expect(() => parseBell({ ...bell, plan: {} })).toThrow();
  expect(() => parseBell({ ...bell, kind: "install" })).toThrow();
  expect(parseDeviceState({ format: 1, state: "online" }).state).toBe("online");
});

test("an acknowledgement says that, and nothing else", () => {
  expect(parseAcknowledgement({ format: 1 })).toEqual({ format: 1 });
  expect(() => parseAcknowledgement({ format: 1, samples: "AAAA" })).toThrow(
    expect.objectContaining({ code: "MESSAGE_INVALID" }),
  );
});

test("a report says codes and counters, never text", () => {
  const report = { format: 1, fleet: "plant", rollout: "toys-v2", device: "a" };
  const refused = { ...report, outcome: { kind: "refused", code: "LINE_MISMATCH" } };
  expect(parseRolloutReport(refused)).toEqual(refused);
  const chatty = { kind: "refused", code: "LINE_MISMATCH", message: "pump 3" };
  expect(() => parseRolloutReport({ ...report, outcome: chatty })).toThrow();
});

test("a rollout names line, target and manifest", () => {
  const release = { line: "toys", target: "rounds/toys/2.json", manifestSha256: "0".repeat(64) };
  expect(releaseSchema.safeParse(release).success).toBe(true);
  const rollout = { format: 1, fleet: "plant", rollout: "toys-v2", device: "a", release };
  expect(parseRollout(rollout)).toEqual(rollout);
  expect(() => parseRollout({ ...rollout, release: { line: "toys" } })).toThrow();
});

test("an event's counters are bounded in number", () => {
  const event = {
    format: 1,
    fleet: "plant",
    device: "a",
    sequence: 1,
    code: "DRIFT_DETECTED",
    sensorUs: 1,
  };
  const counters = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`c${index}`, index]));
  expect(parseDeviceEvent({ ...event, counters: counters(64) }).sequence).toBe(1);
  expect(() => parseDeviceEvent({ ...event, counters: counters(65) })).toThrow();
});
