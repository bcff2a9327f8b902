import fc from "fast-check";
import { expect, test } from "vitest";
import type { Histogram } from "./histogram.ts";
import {
  emptyHistogram,
  histogramBinEdges,
  histogramBuilder,
  histogramQuantile,
  mergeHistograms,
  parseHistogram,
} from "./histogram.ts";

const of = (...values: number[]): Histogram => {
  const builder = histogramBuilder();
  builder.add(Float32Array.from(values));
  return builder.histogram();
};
const floats = fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { maxLength: 60 });

test("every value lies within the edges of its bin, and a bin is at most 3.2 % wide", () => {
  fc.assert(
    fc.property(fc.float({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const [[bin] = [Number.NaN]] = of(value).bins;
      const [low, high] = histogramBinEdges(bin);
      expect(low <= value && value <= high).toBe(true);
      if (bin !== 0)
        expect((high - low) / Math.min(Math.abs(low), Math.abs(high))).toBeLessThan(0.032);
    }),
  );
});

test("edges of neighbouring bins meet, from the largest negative to the largest positive value", () => {
  const largest = of(3.4028234663852886e38).bins[0]?.[0] ?? 0;
  for (let bin = -largest; bin < largest; bin += 1) {
    expect(histogramBinEdges(bin)[1]).toBe(histogramBinEdges(bin + 1)[0]);
  }
});

test("parts merged in any order are the whole", () => {
  fc.assert(
    fc.property(floats, floats, floats, (a, b, c) => {
      const whole = of(...a, ...b, ...c);
      expect(mergeHistograms([of(...a), of(...b), of(...c)])).toEqual(whole);
      expect(mergeHistograms([of(...c), mergeHistograms([of(...b), of(...a)])])).toEqual(whole);
    }),
  );
});

test("what is not finite is counted apart", () => {
  expect(of(1, Number.NaN, Number.POSITIVE_INFINITY)).toMatchObject({
    count: 1,
    notFinite: 2,
    min: 1,
    max: 1,
  });
});

test("quantiles of a known distribution are within a bin's width", () => {
  const builder = histogramBuilder();
  builder.add(Float32Array.from({ length: 10_001 }, (_, i) => i - 5000));
  const histogram = builder.histogram();
  for (const share of [0.01, 0.25, 0.75, 0.9, 0.999]) {
    const exact = share * 10_000 - 5000;
    expect(Math.abs(histogramQuantile(histogram, share) - exact)).toBeLessThan(
      1 + 0.032 * Math.abs(exact),
    );
  }
  expect(histogramQuantile(histogram, 0)).toBe(-5000);
  expect(histogramQuantile(histogram, 1)).toBe(5000);
  expect(histogramQuantile(emptyHistogram, 0.5)).toBe(0);
});

test("a histogram survives JSON", () => {
  fc.assert(
    fc.property(floats, (values) => {
      const histogram = of(...values);
      expect(parseHistogram(JSON.parse(JSON.stringify(histogram)))).toEqual(histogram);
    }),
  );
});

test.for([
  ["nothing", null, "HISTOGRAM_INVALID"],
  ["a later format", { ...emptyHistogram, format: 2 }, "FORMAT_UNKNOWN"],
  ["a count that does not add up", { ...of(1, 2), count: 3 }, "HISTOGRAM_INVALID"],
  ["a field that nobody reads", { ...of(1, 2), samples: [1, 2] }, "HISTOGRAM_INVALID"],
  ["bins out of order", { ...of(1, 2), bins: of(1, 2).bins.toReversed() }, "HISTOGRAM_INVALID"],
  ["a bin beyond all values", { ...of(1), bins: [[99_999, 1]] }, "HISTOGRAM_INVALID"],
  [
    "a negative count",
    {
      ...of(1, 2),
      count: 0,
      bins: [
        [1, 1],
        [2, -1],
      ],
    },
    "HISTOGRAM_INVALID",
  ],
  ["no smallest value", { ...of(1), min: null }, "HISTOGRAM_INVALID"],
] as const)("%s is refused", ([, input, code]) => {
  expect(() => parseHistogram(input)).toThrowError(expect.objectContaining({ code }));
});
