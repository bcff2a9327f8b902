import { codeOf, parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { signEnvelope } from "./dsse.ts";
import { specOf } from "./policy-office.ts";
import type { Caller } from "./round-intake.ts";
import { memoryCoordinator, memorySettings } from "./testing.ts";

const drift = (sequence: number, sensorUs: number) => ({
  code: "DRIFT_DETECTED",
  sequence,
  sensorUs,
});
const advanced = (sequence: number, sensorUs: number) => ({
  code: "DATA_ADVANCED",
  sequence,
  sensorUs,
});

test("drift on two devices starts a campaign once both have the data", async () => {
  const plant = await memoryCoordinator();
  const [a, b] = [await plant.enrol("a"), await plant.enrol("b")];
  const { campaigns } = plant.coordinator;
  await plant.says(a, drift(1, 100e6));
  await plant.says(b, drift(1, 103e6));
  await plant.says(a, advanced(2, 113e6));
  expect(campaigns.all().size).toBe(0);
  await plant.says(b, advanced(2, 113e6));
  expect(campaigns.running(memorySettings.line)).toMatchObject({
    reason: "DRIFT_DETECTED",
    data: { startUs: 99e6, endUs: 113e6 },
  });
  await plant.says(b, drift(3, 150e6));
  expect(campaigns.all().size).toBe(1);
});

test("what was reported before a restart still counts, once", async () => {
  const before = await memoryCoordinator();
  const [a, b] = [await before.enrol("a"), await before.enrol("b")];
  await before.says(a, drift(1, 100e6));
  const plant = await before.again();
  await plant.says(a, drift(1, 100e6));
  await plant.says(b, drift(1, 100e6));
  expect(plant.coordinator.policy.state().trigger).toMatchObject({ endUs: 110e6 });
});

test("without a policy only an operator starts campaigns, one at a time", async () => {
  const { policy: _, ...settings } = memorySettings;
  const plant = await memoryCoordinator({ settings });
  const a = await plant.enrol("a");
  await plant.says(a, drift(1, 100e6));
  const { policy, campaigns } = plant.coordinator;
  expect(campaigns.all().size).toBe(0);
  const trigger = { reason: "OPERATOR_REQUEST", startUs: 0, endUs: 5 };
  expect(await policy.request(trigger)).toBe("c1");
  expect(await policy.request(trigger).then(() => "STARTED", codeOf)).toBe("CAMPAIGN_RUNNING");
});

test("an event of a clock gone wrong is refused and leaves nothing; one of long ago counts", async () => {
  const plant = await memoryCoordinator();
  const a = await plant.enrol("a");
  const aheadUs = plant.clock.nowUs() + 86_400e6 + 1;
  expect(await plant.says(a, drift(1, aheadUs)).then(() => "TAKEN", codeOf)).toBe(
    "SENSOR_TIME_AHEAD",
  );
  expect(plant.coordinator.policy.state().devices.size).toBe(0);
  expect(await plant.coordinator.ledger.eventsOf(a.device, 9)).toEqual([]);
  await plant.says(a, drift(1, aheadUs - 1));
  await plant.says(a, drift(2, -1e15));
  expect(plant.coordinator.policy.state().devices.get(a.device)?.sequence).toBe(2);
  const trigger = { reason: "OPERATOR_REQUEST", startUs: 0, endUs: aheadUs };
  expect(await plant.coordinator.policy.request(trigger).catch(codeOf)).toBe("SENSOR_TIME_AHEAD");
});

test("an event that is signed by another device, or is another's, is refused", async () => {
  const plant = await memoryCoordinator();
  const [a, b] = [await plant.enrol("a"), await plant.enrol("b")];
  const event = {
    format: 1,
    fleet: parseName("plant"),
    device: a.device,
    sequence: 1,
    code: "DRIFT_DETECTED",
    sensorUs: 1,
    counters: {},
  };
  const signed = await signEnvelope("event", event, a.key);
  const take = (caller: Caller) =>
    plant.coordinator.takeEvent(caller, signed).then(() => "TAKEN", codeOf);
  expect(await take({ device: a.device, key: b.key })).toBe("ENVELOPE_SIGNATURE_INVALID");
  expect(await take({ device: b.device, key: a.key })).toBe("DEVICE_MISMATCH");
  expect(await take(a)).toBe("TAKEN");
});

test("an operator's changes come before the defaults", () => {
  const trigger = { reason: "OPERATOR_REQUEST", startUs: 1, endUs: 2 };
  const spec = specOf(memorySettings, trigger, { rounds: 7 });
  expect(spec).toMatchObject({ rounds: 7, line: parseName("toys"), approve: "automatic" });
  expect(spec.data).toEqual({ startUs: 1, endUs: 2, holdoutEvery: 0, holdoutBlockUs: 1 });
});
