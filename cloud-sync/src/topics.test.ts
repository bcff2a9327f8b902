import { parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { deviceOfTopic, deviceTopic, mayPublish, maySubscribe, mqttAudience } from "./topics.ts";

const [fleet, pump, other] = ["plant", "pump-1", "pump-10"].map(parseName) as [
  ReturnType<typeof parseName>,
  ReturnType<typeof parseName>,
  ReturnType<typeof parseName>,
];

test("a device publishes its own state and events, nothing else", () => {
  expect(mayPublish(fleet, pump, deviceTopic(fleet, pump, "state"))).toBe(true);
  expect(mayPublish(fleet, pump, deviceTopic(fleet, pump, "events"))).toBe(true);
  expect(mayPublish(fleet, pump, deviceTopic(fleet, pump, "bell"))).toBe(false);
  expect(mayPublish(fleet, pump, deviceTopic(fleet, other, "events"))).toBe(false);
  expect(mayPublish(fleet, pump, "$SYS/heartbeat")).toBe(false);
});

test.for([
  ["edgeloop/v1/plant/devices/pump-1/bell", true],
  ["edgeloop/v1/plant/devices/pump-1/#", true],
  ["edgeloop/v1/plant/devices/pump-10/bell", false],
  ["edgeloop/v1/plant/devices/pump-1", false],
  ["edgeloop/v1/plant/devices/+/bell", false],
  ["edgeloop/v1/plant/devices/#", false],
  ["#", false],
  ["$share/g/edgeloop/v1/plant/devices/pump-1/bell", false],
] as const)("a subscription to %s is allowed: %s", ([filter, allowed]) => {
  expect(maySubscribe(fleet, pump, filter)).toBe(allowed);
});

test("a topic tells whose it is, within its fleet", () => {
  expect(deviceOfTopic(fleet, deviceTopic(fleet, pump, "events"))).toBe(pump);
  expect(deviceOfTopic(other, deviceTopic(fleet, pump, "events"))).toBeUndefined();
  expect(deviceOfTopic(fleet, "edgeloop/v1/plant/devices/<b>/events")).toBeUndefined();
  expect(mqttAudience(fleet)).toBe("edgeloop/plant");
});
