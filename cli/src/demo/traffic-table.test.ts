import { expect, test } from "vitest";
import type { TrafficRow } from "./capture/ledger.ts";
import { gatewayName } from "./settings.ts";
import { trafficTable } from "./traffic-table.ts";

const row = (change: Partial<TrafficRow>): TrafficRow => ({
  gateway: "pump-1",
  direction: "up",
  kind: "update",
  messages: 1,
  bytes: 10,
  ...change,
});

test("a line for each kind and direction, a column for each gateway, and sums of both", () => {
  const rows = [
    row({}),
    row({ gateway: "pump-2", bytes: 20 }),
    row({ kind: "answer", bytes: 3 }),
    row({ kind: "blob", direction: "down", gateway: "pump-2", bytes: 400 }),
  ];
  expect(trafficTable(rows, ["pump-1", "pump-2"])).toEqual([
    "bytes on the wire          pump-1    pump-2     fleet",
    "answer             up           3         0         3",
    "update             up          10        20        30",
    "all                up          13        20        33",
    "blob               down         0       400       400",
    "all                down         0       400       400",
  ]);
});

test.for([6, 7, 32])("%i gateways fit in a terminal of 100 columns, each of them once", (count) => {
  const names = Array.from({ length: count }, (_, index) => gatewayName(index));
  const rows = names.flatMap((gateway) => [
    row({ gateway, kind: "calibration-task", direction: "down", bytes: 1_234_567 }),
    row({ gateway, kind: "update payload", bytes: 7_654_321 }),
  ]);
  const lines = trafficTable(rows, names);
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(100);
  const heads = lines.filter((line) => line.startsWith("bytes")).join(" ");
  expect(heads.split(/\s+/).filter((word) => word.startsWith("pump-"))).toEqual(names);
  expect(lines.at(-1)).toMatch(new RegExp(` ${1_234_567 * count}$`));
});
