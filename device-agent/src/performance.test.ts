import { silentLog } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import type { GatewayEvent } from "./events.ts";
import { gatewayTables } from "./learning-schema.ts";
import { memoryMeter } from "./meter.ts";
import { watchPerformance } from "./performance.ts";

async function setUp() {
  const store = memoryStore();
  await store.commit(gatewayTables);
  const raised: GatewayEvent[] = [];
  const meter = memoryMeter();
  const serving = { model: "a" };
  const performance = watchPerformance({
    store,
    objective: { macroF1: 0.9, windowsMin: 10 },
    model: () => serving.model,
    events: { raise: (event) => raised.push(event) },
    meter,
    log: silentLog,
  });
  let at = 0;
  /** Windows that were predicted so, and labelled so afterwards. */
  const windows = async (count: number, predicted: string, truth: string, model = "a") => {
    for (let index = 0; index < count; index += 1, at += 100) {
      await store.commit([
        {
          sql: "INSERT INTO prediction (sensor, start_us, end_us, label, scores, model, at_us) VALUES ('s', ?, ?, ?, '', ?, 0)",
          params: [at, at + 100, predicted, model],
        },
      ]);
      performance.labelled({
        kind: "label",
        sensor: "s",
        startUs: at,
        endUs: at + 100,
        label: truth,
        by: "anna",
      });
    }
    await performance.settled();
  };
  return { meter, raised, serving, windows };
}

test("an objective that is reached is no event; absent classes do not count against it", async () => {
  const { meter, raised, windows } = await setUp();
  await windows(20, "normal", "normal");
  expect([raised, meter.read("labelledScore")]).toEqual([[], 1]);
});

test("a missed objective is one event, until it was reached again or another model serves", async () => {
  const { raised, serving, windows } = await setUp();
  await windows(12, "normal", "bearing");
  expect(raised).toMatchObject([
    { code: "OBJECTIVE_MISSED", sensorUs: 1000, counters: { windows: 10, "macro-f1-ppm": 0 } },
  ]);
  serving.model = "b";
  await windows(12, "normal", "bearing", "b");
  expect(raised).toHaveLength(2);
});

test("too few labelled windows judge nobody, and windows of another model do not count", async () => {
  const { raised, windows } = await setUp();
  await windows(9, "normal", "bearing");
  await windows(20, "normal", "bearing", "old");
  expect(raised).toEqual([]);
});

// By hand: of 10 normal windows 5 are taken for bearing, all 10 bearing ones are found:
// F1 of normal = 2 * 5 / (10 + 5), of bearing = 2 * 10 / (10 + 15); their mean is 0.7333.
test("the score is the macro-F1 of the labelled windows", async () => {
  const { meter, windows } = await setUp();
  await windows(5, "normal", "normal");
  await windows(5, "bearing", "normal");
  await windows(10, "bearing", "bearing");
  expect(meter.read("labelledScore")).toBeCloseTo((10 / 15 + 20 / 25) / 2, 9);
});
