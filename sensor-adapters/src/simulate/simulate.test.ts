import { virtualClock } from "@edgeloop/core/platform";
import { adapterContract } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { plantPump, plantSchedule } from "./plant.ts";
import { pumpSensor, simulateAdapter } from "./simulate.ts";

const plant = plantPump(1, 0);
const times = { startUs: 0, changeUs: 2e6, endUs: 4e6, segmentUs: 1e6 };
const options = { pump: plant.pump, segments: plantSchedule(plant, times), packetSamples: 100 };
const info = pumpSensor("vibration", 1000);
const run = () => ({ signal: new AbortController().signal, refuse: () => expect.unreachable() });

adapterContract("a simulated pump", () =>
  Promise.resolve({
    adapter: simulateAdapter(info, { ...options, speed: 0, clock: virtualClock() }),
  }),
);

test("packets follow each other without a gap until the schedule ends", async () => {
  const adapter = simulateAdapter(info, { ...options, speed: 0, clock: virtualClock() });
  const starts: number[] = [];
  for await (const samples of adapter.samples(run())) starts.push(samples.startUs);
  expect(starts).toEqual(Array.from({ length: 40 }, (_, index) => index * 100_000));
});

test("at twice the speed a packet of 100 ms comes every 50 ms of the clock", async () => {
  const clock = virtualClock();
  const adapter = simulateAdapter(info, { ...options, speed: 2, clock });
  let packets = 0;
  const reading = (async () => {
    for await (const _ of adapter.samples(run())) packets += 1;
  })();
  await clock.advance(1000);
  expect(packets).toBe(20);
  await clock.advance(10_000);
  await reading;
  expect(packets).toBe(40);
});
