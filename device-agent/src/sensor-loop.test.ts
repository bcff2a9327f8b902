import type { Refusal, Samples } from "@edgeloop/core/data";
import { silentLog, virtualClock } from "@edgeloop/core/platform";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import type { Classifier } from "./classifier.ts";
import { timeBackPacketsMax } from "./limits.ts";
import { memoryMeter } from "./meter.ts";
import { runSensor } from "./sensor-loop.ts";
import { tinyBundle } from "./testing.ts";

const periodUs = 10_000;
const info = {
  sensor: "vibration",
  rateHz: 100,
  channels: [
    { name: "x", unit: "m/s2" },
    { name: "y", unit: "m/s2" },
  ],
};

/** Packet of ten rows. */
const packet = (index: number, over: Partial<Samples> = {}): Samples =>
  ({
    sensor: "vibration",
    startUs: index * 10 * periodUs,
    periodUs,
    data: new Float32Array(20).fill(1),
    ...over,
  }) as Samples;

async function run(
  packets: readonly Samples[],
  { fails = false, full = false, model = true } = {},
) {
  const { manifest, sha256 } = await tinyBundle(memoryBlobStore());
  const classifier = { identity: sha256, manifest } as Classifier;
  const meter = memoryMeter();
  const refused: Refusal[] = [];
  const published: unknown[] = [];
  const kept: number[] = [];
  let stored = 0;
  await runSensor(
    {
      adapter: {
        info,
        async *samples() {
          for (const one of packets) yield await Promise.resolve(one);
        },
      },
      topic: "t",
      serving: {
        current: () => (model ? classifier : undefined),
        classify: () =>
          Promise.resolve(
            fails ? undefined : { classifier, classification: { label: "still", scores: [1, 0] } },
          ),
      },
      publisher: {
        add: (outgoing) => {
          published.push(outgoing.message(1));
          outgoing.onStored();
          return Promise.resolve();
        },
        settled: () => Promise.resolve(),
      },
      learning: {
        keep: (window) => {
          kept.push(window.startUs);
          return [{ sql: "" }];
        },
      },
      disk: { isFull: () => full, commit: () => Promise.resolve(full ? "full" : "stored") },
      refuse: (refusal) => refused.push(refusal),
      watch: () => undefined,
      onStored: () => {
        stored += 1;
      },
      meter,
      clock: virtualClock(),
      log: silentLog,
    },
    new AbortController().signal,
  );
  return { kept, meter, published, refused, stored };
}

test("every window that packets complete is published once, in order, with sensor time", async () => {
  const { published, stored } = await run([0, 1, 2, 3].map((index) => packet(index)));
  // Windows of 200 ms, one every 100 ms.
  expect(published).toMatchObject([
    { startUs: 0, endUs: 200_000 },
    { startUs: 100_000, endUs: 300_000 },
    { startUs: 200_000, endUs: 400_000 },
  ]);
  expect(stored).toBe(3);
});

test("packets that are delivered again are dropped and counted, and nothing else happens", async () => {
  const { meter, published, refused } = await run([0, 1, 1, 0, 2].map((index) => packet(index)));
  expect(published).toHaveLength(2);
  expect(meter.read("duplicates", ["vibration"])).toBe(2);
  expect(refused).toEqual([]);
});

const hostile: readonly (readonly [string, Samples, string])[] = [
  ["NaN", packet(2, { data: new Float32Array(20).fill(Number.NaN) }), "SAMPLES_NOT_FINITE"],
  ["a channel too many", packet(2, { data: new Float32Array(21) }), "SAMPLES_SHAPE"],
  ["time that goes back", packet(0, { startUs: 5 }), "SAMPLES_TIME_BACK"],
];

test.for(hostile)("%s is refused with its code, and the stream goes on", async ([, bad, code]) => {
  const { published, refused } = await run([packet(0), packet(1), bad, packet(2), packet(3)]);
  expect(refused).toMatchObject([{ code }]);
  expect(published).toHaveLength(3);
});

test("one packet with a time far ahead does not silence a sensor for good", async () => {
  const ahead = packet(0, { startUs: 4e15 });
  const later = Array.from({ length: timeBackPacketsMax + 3 }, (_, index) => packet(index + 1));
  const { published, refused } = await run([packet(0), ahead, ...later]);
  expect(refused).toHaveLength(timeBackPacketsMax);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["SAMPLES_TIME_BACK"]));
  // The last three packets make two windows.
  const startUs = (timeBackPacketsMax + 1) * 10 * periodUs;
  expect(published).toMatchObject([{ startUs }, { startUs: startUs + 10 * periodUs }]);
});

test("a gap ends the open window and is counted", async () => {
  const { meter, published } = await run([0, 1, 50, 51].map((index) => packet(index)));
  expect(published).toMatchObject([{ startUs: 0 }, { startUs: 5_000_000 }]);
  expect(meter.read("gaps")).toBe(1);
});

test("without a model packets are counted and nothing is kept", async () => {
  const { kept, meter, published } = await run([packet(0), packet(1)], { model: false });
  expect([kept, published]).toEqual([[], []]);
  expect(meter.read("idle", ["vibration"])).toBe(2);
});

test("on a full disk inference goes on and learning pauses", async () => {
  const { kept, meter, published } = await run([packet(0), packet(1)], { full: true });
  expect([kept.length, published.length]).toEqual([0, 1]);
  expect(meter.read("notKept", ["DISK_FULL"])).toBe(1);
});

test("a window that found no room on disk is not taken for stored", async () => {
  const { stored } = await run([packet(0), packet(1)], { fails: true, full: true });
  expect(stored).toBe(0);
});

test("a window whose inference failed is still kept for learning", async () => {
  const { kept, published, stored } = await run([packet(0), packet(1)], { fails: true });
  expect([kept, published]).toEqual([[0], []]);
  // And noted, so that tables are trimmed however long inference fails.
  expect(stored).toBe(1);
});
