import { EdgeloopError, fromUtf8, silentLog, virtualClock } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { guardDisk } from "./disk-guard.ts";
import { openEvents } from "./events.ts";
import { gatewayTables } from "./learning-schema.ts";
import { eventIntervalMs, eventsUnpublishedMax, publishTimeoutMs } from "./limits.ts";
import { memoryMeter } from "./meter.ts";

async function setUp({ reportFails = false, brokerHangs = false } = {}) {
  const store = memoryStore();
  await store.commit(gatewayTables);
  const clock = virtualClock(1_000_000);
  const meter = memoryMeter();
  const order: string[] = [];
  const reported: string[] = [];
  const rows = () => store.query("SELECT code, sensor_us, fields FROM event ORDER BY id");
  const events = openEvents({
    disk: guardDisk(store, { clock, onChange: () => undefined }),
    publish: async (payload) => {
      order.push(`${(await rows()).length} rows, ${fromUtf8(payload)}`);
      if (brokerHangs) await new Promise(() => undefined);
    },
    report: ({ code }) => {
      if (reportFails) return Promise.reject(new EdgeloopError("X", "no link"));
      reported.push(code);
      return Promise.resolve();
    },
    meter,
    clock,
    log: silentLog,
  });
  return { clock, meter, order, reported, rows, events };
}

test("an event is on disk before it is published", async () => {
  const { events, order, rows } = await setUp();
  events.raise({ code: "DRIFT_DETECTED", sensorUs: 42, counters: { windows: 7 } });
  await events.settled();
  const json =
    '{"format":1,"code":"DRIFT_DETECTED","atUs":1000000,"sensorUs":42,"counters":{"windows":7}}';
  expect(order).toEqual([`1 rows, ${json}`]);
  expect(await rows()).toEqual([
    { code: "DRIFT_DETECTED", sensor_us: 42, fields: '{"windows":7}' },
  ]);
});

test("a code that repeats is counted, and raised again only after a while", async () => {
  const { clock, events, meter, rows } = await setUp();
  for (let turn = 0; turn < 10; turn += 1) events.raise({ code: "INFERENCE_FAILED" });
  await clock.advance(eventIntervalMs);
  events.raise({ code: "INFERENCE_FAILED" });
  await events.settled();
  expect(await rows()).toHaveLength(2);
  expect(meter.read("events", ["INFERENCE_FAILED"])).toBe(11);
});

test("a coordinator that is away loses no local event", async () => {
  const { events, order } = await setUp({ reportFails: true });
  events.raise({ code: "A" });
  events.raise({ code: "B" });
  await events.settled();
  expect(order).toHaveLength(2);
});

test("a local broker that hangs holds neither the rows nor the coordinator's reports, and not for ever", async () => {
  const { clock, events, order, reported, rows } = await setUp({ brokerHangs: true });
  const codes = Array.from({ length: eventsUnpublishedMax + 5 }, (_, index) => `CODE_${index}`);
  for (const code of codes) events.raise({ code });
  while (reported.length < codes.length) await new Promise((next) => setImmediate(next));
  expect(reported).toEqual(codes);
  expect(await rows()).toHaveLength(codes.length);
  expect(order).toHaveLength(1);
  const settled = events.settled();
  await clock.advance(0);
  await clock.advance(codes.length * publishTimeoutMs);
  await settled;
  // Each was given its time; what was more than may wait is on disk only.
  expect(order).toHaveLength(eventsUnpublishedMax);
});
