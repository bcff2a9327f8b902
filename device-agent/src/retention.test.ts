import { silentLog } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { gatewayTables } from "./learning-schema.ts";
import { trimIntervalWindows } from "./limits.ts";
import { memoryMeter } from "./meter.ts";
import { createRetention } from "./retention.ts";

async function setUp(fails = false) {
  const store = memoryStore();
  await store.commit(gatewayTables);
  for (let id = 1; id <= 10; id += 1) {
    await store.commit([
      {
        sql: "INSERT INTO prediction (sensor, start_us, end_us, label, scores, model, at_us) VALUES ('s', ?, 0, '', '', '', 0)",
        params: [id],
      },
    ]);
  }
  let trims = 0;
  const meter = memoryMeter();
  const retention = createRetention({
    learning: {
      count: () => 42,
      trim: () => {
        trims += 1;
        return fails ? Promise.reject(new Error("no")) : Promise.resolve(3);
      },
    },
    disk: {
      commit: async (statements) => {
        await store.commit(statements);
        return "stored";
      },
    },
    predictionsMax: 4,
    meter,
    log: silentLog,
  });
  const note = async (times: number) => {
    for (let turn = 0; turn < times; turn += 1) retention.noted();
    await retention.settled();
  };
  return { meter, note, store, trims: () => trims };
}

test("tables are trimmed once in so many windows, the oldest predictions first", async () => {
  const { meter, note, store, trims } = await setUp();
  await note(trimIntervalWindows - 1);
  expect(trims()).toBe(0);
  await note(1);
  expect([trims(), meter.read("dropped"), meter.read("stored")]).toEqual([1, 3, 42]);
  const left = await store.query("SELECT start_us FROM prediction ORDER BY id");
  expect(left.map((row) => row["start_us"])).toEqual([7, 8, 9, 10]);
});

test("a trim that fails is tried again later", async () => {
  const { note, trims } = await setUp(true);
  await note(trimIntervalWindows);
  await note(trimIntervalWindows);
  expect(trims()).toBe(2);
});
