import { expect, test } from "vitest";
import { gaussian, seededRng } from "../platform/random.ts";
import { autocorrelationTime } from "./effective-size.ts";

// An autoregressive process of order one with coefficient phi has the autocorrelation time (1 + phi) / (1 - phi).
test.for([
  [0, 1],
  [0.5, 3],
  [0.9, 19],
] as const)(
  "an autoregressive process with coefficient %f has its known time",
  ([phi, expected]) => {
    const rng = seededRng(5);
    let value = gaussian(rng);
    const values = Float64Array.from({ length: 8000 }, () => {
      value = phi * value + Math.sqrt(1 - phi * phi) * gaussian(rng);
      return value;
    });
    const time = autocorrelationTime(values);
    expect(time / expected).toBeGreaterThan(0.8);
    expect(time / expected).toBeLessThan(1.4);
  },
);

test("what never varies, alternates or is empty is worth its number", () => {
  expect(autocorrelationTime(new Float64Array(50).fill(3))).toBe(1);
  expect(autocorrelationTime(Array.from({ length: 50 }, (_, i) => i % 2))).toBe(1);
  expect(autocorrelationTime([])).toBe(1);
});
