import { expect, test } from "vitest";
import { signalToNoiseDb } from "./signal-to-noise.ts";

test("ten times less error is 20 decibels, none is infinite", () => {
  const signal = Float32Array.of(3, -4);
  expect(signalToNoiseDb(signal, Float32Array.of(3, 1))).toBeCloseTo(0);
  expect(signalToNoiseDb(signal, Float32Array.of(3, -3.5))).toBeCloseTo(20);
  expect(signalToNoiseDb(signal, signal)).toBe(Number.POSITIVE_INFINITY);
});

test("other lengths are refused", () => {
  expect(() => signalToNoiseDb(new Float32Array(1), new Float32Array(2))).toThrow("one length");
});
