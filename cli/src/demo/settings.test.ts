import { parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { packetUs } from "./plant/plant-stream.ts";
import { demoDefaults, demoNames, gatewayName, scheduleSMax } from "./settings.ts";

test("gateways are counted from one, and every name is one that the wire takes", () => {
  expect([0, 1, 31].map(gatewayName)).toEqual(["pump-1", "pump-2", "pump-32"]);
  const names = [...Array.from({ length: 32 }, (_, index) => gatewayName(index)), demoNames.fleet];
  expect(names.map(parseName)).toEqual(names);
  expect([demoNames.line, demoNames.sensor].map(parseName)).toEqual(["pumps", "vibration"]);
});

test("each phase is long enough for 400 windows a gateway, and the schedule for all of them", () => {
  const windows = (seconds: number): number => (seconds * 1e6) / packetUs - 1;
  expect(windows(demoDefaults.beforeS)).toBeGreaterThanOrEqual(400);
  expect(demoDefaults.recoveredWindowsMin).toBeGreaterThanOrEqual(400);
  const phasesS =
    3 * Math.max(demoDefaults.beforeS, (demoDefaults.recoveredWindowsMin * packetUs) / 1e6);
  expect(scheduleSMax).toBeGreaterThan(2 * phasesS);
});
