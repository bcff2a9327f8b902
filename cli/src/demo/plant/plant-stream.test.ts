import { decoderOf, parseFormat } from "@edgeloop/sensor-adapters";
import fc from "fast-check";
import { expect, test } from "vitest";
import {
  accelerationStep,
  changeAfter,
  epochUs,
  labelOfWindow,
  packetSamples,
  packetUs,
  plantStream,
  truthOf,
} from "./plant-stream.ts";

const times = { changeUs: epochUs + 10_000_000, endUs: epochUs + 20_000_000 };
const stream = plantStream(5, 1, times);
const info = {
  sensor: "vibration",
  rateHz: 1000,
  channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
};

test("the gateway's packed decoder reads what the sensor sends, to half a step", () => {
  const format = parseFormat(
    { kind: "packed", time: { type: "int64", unit: "us" }, type: "int16", scale: accelerationStep },
    info,
  );
  const startUs = epochUs + 7 * packetUs;
  const samples = decoderOf(info, format)(stream.packet(startUs), 0);
  expect(samples).toMatchObject({ startUs, periodUs: 1000 });
  const sent = stream.acceleration(startUs, packetSamples);
  samples.data.forEach((value, at) => {
    expect(Math.abs(value - sent[at]!)).toBeLessThanOrEqual(accelerationStep / 2 + 1e-5);
  });
});

test("a packet that straddles two states takes each sample from its own", () => {
  const boundary = stream.segments[0]!.endUs;
  const packet = stream.acceleration(boundary - 50_000, 100);
  expect(packet).toHaveLength(300);
  expect(packet.every(Number.isFinite)).toBe(true);
});

test("truth is the state that covers most, ties the earlier", () => {
  const [first, second] = stream.segments;
  const at = first!.endUs;
  const around = (before: number, after: number) =>
    truthOf(stream.segments, { startUs: at - before, endUs: at + after });
  expect(around(100, 100)).toBe(first!.state);
  expect(around(100, 101)).toBe(second!.state);
  expect(around(101, 100)).toBe(first!.state);
});

test("the share of labelled windows is as asked, the same windows each time", () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const windows = Array.from({ length: 150 }, (_, index) => ({
        startUs: epochUs + index * packetUs,
        endUs: epochUs + (index + 2) * packetUs,
      }));
      const pick = () =>
        windows.map((window) => labelOfWindow(stream.segments, window, { seed, share: 0.4 }));
      const count = pick().filter(Boolean).length;
      expect(count).toBeGreaterThan(30);
      expect(count).toBeLessThan(90);
      expect(pick()).toEqual(pick());
    }),
    { numRuns: 20 },
  );
});

test("a change that is scheduled later leaves what lies before as it was", () => {
  const still = plantStream(5, 1, { endUs: times.endUs });
  const changeUs = changeAfter(epochUs + 9_000_001);
  const before = still.acceleration(epochUs, 10_000);
  still.changeAt(changeUs);
  expect(changeUs).toBe(epochUs + 10_000_000);
  expect(still.acceleration(epochUs, 10_000)).toEqual(before);
  expect(still.segments).toEqual(stream.segments);
});

test("a stream plays on after what was planned, the same whoever asks for it and when", () => {
  const long = plantStream(5, 1, { ...times, endUs: epochUs + 60_000_000 });
  const short = plantStream(5, 1, times);
  const late = epochUs + 50_000_000;
  expect(short.packet(late)).toEqual(long.packet(late));
  expect(short.segments).toEqual(long.segments.slice(0, short.segments.length));
});

test("what is forgotten is gone, what comes after stays, and a stream that plays on stays small", () => {
  const still = plantStream(5, 1, times);
  const playing = plantStream(5, 1, times);
  let most = 0;
  for (let atUs = epochUs; atUs < epochUs + 200_000_000; atUs += 1_000_000) {
    expect(playing.packet(atUs)).toEqual(still.packet(atUs));
    playing.forgetBefore(atUs - 10_000_000);
    most = Math.max(most, playing.segments.length);
  }
  expect(most).toBeLessThanOrEqual(11);
  expect(playing.segments[0]?.endUs).toBeGreaterThanOrEqual(epochUs + 189_000_000);
});
