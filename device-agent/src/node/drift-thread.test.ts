import { gaussian, seededRng, silentLog, virtualClock } from "@edgeloop/core/platform";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { guardDisk } from "../disk-guard.ts";
import type { GatewayEvent } from "../events.ts";
import { gatewayTables } from "../learning-schema.ts";
import { driftQueueMax } from "../limits.ts";
import { memoryMeter } from "../meter.ts";
import type { Served } from "../serving.ts";
import { tinyBundle } from "../testing.ts";
import type { DriftWatch } from "./drift-thread.ts";
import { openDriftThread } from "./drift-thread.ts";

const hopUs = 100_000;

async function setUp() {
  const store = memoryStore();
  await store.commit(gatewayTables);
  const { manifest, sha256 } = await tinyBundle(memoryBlobStore());
  const served = { classifier: { identity: sha256, manifest } } as Served;
  const raised: GatewayEvent[] = [];
  const meter = memoryMeter();
  const disk = guardDisk(store, { clock: virtualClock(), onChange: () => undefined });
  const open = async (): Promise<DriftWatch> => {
    const watch = await openDriftThread({
      store,
      disk,
      events: { raise: (event) => raised.push(event) },
      meter,
      log: silentLog,
    });
    onTestFinished(() => watch.close());
    return watch;
  };
  return { meter, open, raised, served, store };
}

/** Windows of noise, no faster than the thread takes them. */
async function play(
  watch: DriftWatch,
  { served, from, count, level }: { served: Served; from: number; count: number; level: number },
): Promise<void> {
  const rng = seededRng(from + 1);
  for (let index = from; index < from + count; index += 1) {
    const data = Float32Array.from({ length: 40 }, () => level * gaussian(rng));
    watch.watch({ sensor: "s", startUs: index * hopUs, rateHz: 100, data }, served);
    if (index % (driftQueueMax / 2) === 0) await watch.settled();
  }
  await watch.settled();
}

test("a change is an event with sensor time, and what is normal survives a restart", async () => {
  const { open, raised, served, store } = await setUp();
  const first = await open();
  await play(first, { served, from: 0, count: 400, level: 1 });
  expect(raised).toEqual([]);
  expect(await store.query("SELECT sensor FROM drift")).toEqual([{ sensor: "s" }]);
  await first.close();
  await play(await open(), { served, from: 400, count: 100, level: 4 });
  expect(raised).toMatchObject([{ code: "DRIFT_DETECTED" }]);
  // The event names the end of a window after the change.
  expect(raised[0]?.sensorUs).toBeGreaterThan(400 * hopUs);
  expect(raised[0]?.sensorUs).toBeLessThanOrEqual(499 * hopUs + 200_000);
});

test("a flood is not queued without bound, and counted", async () => {
  const { meter, open, served } = await setUp();
  const watch = await open();
  const data = new Float32Array(40);
  for (let index = 0; index < driftQueueMax + 9; index += 1) {
    watch.watch({ sensor: "s", startUs: index * hopUs, rateHz: 100, data }, served);
  }
  expect(meter.read("unwatched")).toBe(9);
  await watch.settled();
});
