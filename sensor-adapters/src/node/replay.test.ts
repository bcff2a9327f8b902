import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeRecording } from "@edgeloop/core/data/node";
import { virtualClock } from "@edgeloop/core/platform";
import { adapterContract } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { replayAdapter } from "./replay.ts";

const info = { sensor: "imu", rateHz: 100, channels: [{ name: "x", unit: "m/s2" }] };
const startUs = 1_700_000_000_000_000;

/** Three packets of 100 rows at 100 Hz, the last one after a gap of 5 s. */
async function recorded(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "edgeloop-replay-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const timesUs = Float64Array.from(
    { length: 300 },
    (_, row) => startUs + row * 10_000 + (row < 200 ? 0 : 5_000_000),
  );
  const data = Float32Array.from(timesUs, (_, row) => row);
  const described = { ...info, sensor: "phone", origin: "a test", attributes: {} };
  await writeRecording(directory, described, { timesUs, data, labels: [] }, { synced: false });
  return directory;
}

adapterContract("replay", async () => ({
  adapter: replayAdapter(info, {
    directory: await recorded(),
    speed: 0,
    clock: virtualClock(),
  }),
}));

test("packets come when they came, gaps too, in the sensor's own time", async () => {
  const clock = virtualClock();
  const adapter = replayAdapter(info, { directory: await recorded(), speed: 2, clock });
  const came: (readonly [number, number])[] = [];
  const reading = (async () => {
    const run = { signal: new AbortController().signal, refuse: () => undefined };
    for await (const packet of adapter.samples(run)) {
      came.push([clock.monotonicMs(), packet.startUs - startUs]);
    }
  })();
  // The file is read in real time; the clock stands still until the stream waits for it.
  while (came.length < 3) {
    await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(100);
  }
  await reading;
  expect(came.map(([, atUs]) => atUs)).toEqual([0, 1_000_000, 7_000_000]);
  const waitsMs = came.map(([atMs]) => atMs - (came[0]?.[0] ?? 0));
  // 1 s and 6 s of recording at twice the speed.
  expect(waitsMs).toEqual([0, 500, 3500]);
});

test.for([
  ["rateHz", { ...info, rateHz: 50 }],
  ["channels", { ...info, channels: [{ name: "x", unit: "g" }] }],
] as const)("a recording of other %s is not played", async ([field, declared]) => {
  const options = { directory: await recorded(), speed: 0, clock: virtualClock() };
  const run = { signal: new AbortController().signal, refuse: () => undefined };
  await expect(
    Array.fromAsync(replayAdapter(declared, options).samples(run)),
  ).rejects.toMatchObject({ code: "REPLAY_DIFFERS", details: { field } });
});
