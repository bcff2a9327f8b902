import { expect, test } from "vitest";
import { statusOf } from "./coordinator-status.ts";
import { memoryCoordinator } from "./testing.ts";

test("the status tells who is there, who was revoked and how far their data reaches", async () => {
  const plant = await memoryCoordinator();
  const [a, b] = [await plant.enrol("a"), await plant.enrol("b")];
  await plant.says(a, { code: "DATA_ADVANCED", sequence: 1, sensorUs: 77 });
  await plant.coordinator.revoke(b.device, "stolen");
  const status = await statusOf(plant.coordinator, [a.device]);
  expect(status.devices).toEqual([
    { device: "a", online: true, enrolledUs: 1_000_000, sensorUs: 77 },
    {
      device: "b",
      online: false,
      enrolledUs: 1_000_000,
      revoked: { atUs: 1_000_000, reason: "stolen" },
    },
  ]);
  expect(JSON.parse(JSON.stringify(status))).toEqual(status);
});
