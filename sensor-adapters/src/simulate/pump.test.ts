import { expect, test } from "vitest";
import { plantPump } from "./plant.ts";
import type { PumpState } from "./pump.ts";
import { ballPassHz, pumpAcceleration } from "./pump.ts";

const { pump, before } = plantPump(7, 0);
const operating = { ...before, mounting: [0, 0, 0] as const };
const periodUs = 1000;

const axis = (state: PumpState, count: number, channel: number): Float64Array => {
  const data = pumpAcceleration(pump, { state, operating }, { startUs: 0, periodUs, count });
  return Float64Array.from({ length: count }, (_, row) => data[row * 3 + channel]!);
};

/** Amplitude of one frequency by the definition of the Fourier coefficient. */
const amplitudeAt = (signal: Float64Array, hz: number): number => {
  let [re, im] = [0, 0];
  signal.forEach((value, n) => {
    const angle = (2 * Math.PI * hz * n * periodUs) / 1e6;
    re += value * Math.cos(angle);
    im -= value * Math.sin(angle);
  });
  return (2 * Math.hypot(re, im)) / signal.length;
};

test("the outer-race frequency of an SKF 6205 is 3.585 times the shaft speed", () => {
  // Case Western Reserve University bearing data centre, 6205-2RS: 9 balls, 0.3126 in, pitch 1.537 in.
  const skf6205 = { balls: 9, ratio: 0.3126 / 1.537, contact: 0 };
  expect(ballPassHz(skf6205, 1)).toBeCloseTo(3.585, 2);
});

test("a packet made alone equals the same stretch of a longer one but for its noise draw", () => {
  const quiet = { ...pump, noise: 0 };
  const condition = { state: "bearing", operating } as const;
  const long = pumpAcceleration(quiet, condition, { startUs: 0, periodUs, count: 300 });
  const alone = pumpAcceleration(quiet, condition, { startUs: 100_000, periodUs, count: 100 });
  expect(alone).toEqual(long.slice(300, 600));
});

test("the same packet is the same bits every time, noise included", () => {
  const time = { startUs: 5_000_000, periodUs, count: 100 };
  const condition = { state: "normal", operating } as const;
  expect(pumpAcceleration(pump, condition, time)).toEqual(pumpAcceleration(pump, condition, time));
});

test("imbalance raises the first order, looseness the half order", () => {
  const count = 4000;
  const first = (state: PumpState): number => amplitudeAt(axis(state, count, 0), operating.speedHz);
  const half = (state: PumpState): number =>
    amplitudeAt(axis(state, count, 1), operating.speedHz / 2);
  expect(first("imbalance")).toBeGreaterThan(2 * first("normal"));
  expect(half("looseness")).toBeGreaterThan(5 * half("normal"));
});

test("the squared envelope of a bearing defect peaks at the ball-pass frequency", () => {
  const signal = axis("bearing", 8000, 1);
  const mean = signal.reduce((sum, value) => sum + value, 0) / signal.length;
  // High-pass by second difference lifts the resonance over the shaft orders; squaring demodulates (Antoni 2007).
  const squared = signal.map((_, n) => {
    const [a, b, c] = [signal[n - 1] ?? mean, signal[n]!, signal[n + 1] ?? mean];
    return (a - 2 * b + c) ** 2;
  });
  const level = squared.reduce((sum, value) => sum + value, 0) / squared.length;
  const envelope = squared.map((value) => value - level);
  const defect = ballPassHz(pump.bearing, operating.speedHz);
  const between = amplitudeAt(envelope, defect * 0.86);
  expect(amplitudeAt(envelope, defect)).toBeGreaterThan(3 * between);
});

test("gravity stays on the axis that points up", () => {
  const z = axis("normal", 4000, 2);
  const mean = z.reduce((sum, value) => sum + value, 0) / z.length;
  expect(mean / pump.gain).toBeCloseTo(9.80665, 1);
});
