import { expect, test } from "vitest";
import { histogramBuilder, mergeHistograms } from "../statistics/histogram.ts";
import { joinRanges, percentileOutside, rangesOf } from "./ranges.ts";

function histogramOf(
  values: Float32Array,
): ReturnType<ReturnType<typeof histogramBuilder>["histogram"]> {
  const builder = histogramBuilder();
  builder.add(values);
  return builder.histogram();
}

const spread = Float32Array.from({ length: 100_000 }, (_, i) => (i - 50_000) / 50_000);

test("minmax keeps everything, percentile leaves single outliers out", () => {
  const y = mergeHistograms([histogramOf(spread), histogramOf(Float32Array.of(1000))]);
  expect(rangesOf({ y })["y"]).toEqual({ min: -1, max: 1000 });
  const cut = rangesOf({ y }, "percentile")["y"];
  expect(cut?.max).toBeLessThan(1.04); // One bin is 3.2 % of its values wide.
  expect(cut?.max).toBeGreaterThan(1 - 4 * percentileOutside);
});

test("ranges do not depend on how observations were split", () => {
  const parts = [spread.subarray(0, 300), spread.subarray(300)].map(histogramOf);
  for (const method of ["minmax", "percentile"] as const) {
    expect(rangesOf({ y: mergeHistograms(parts) }, method)).toEqual(
      rangesOf({ y: histogramOf(spread) }, method),
    );
  }
});

test.for([new Float32Array(0), Float32Array.of(1, Number.NaN)])("%j gives no range", (values) => {
  expect(() => rangesOf({ y: histogramOf(values) })).toThrow('"y" needs finite observations');
});

test("joined ranges hold each of them", () => {
  expect(
    joinRanges([
      { min: -1, max: 0 },
      { min: -0.5, max: 2 },
    ]),
  ).toEqual({ min: -1, max: 2 });
});
