import { expect, test } from "vitest";
import type { Resampler } from "./resampler.ts";
import { createResampler } from "./resampler.ts";
import type { Samples } from "./samples.ts";

const regular = (startUs: number, values: readonly number[], periodUs = 10_000): Samples => ({
  sensor: "s",
  startUs,
  periodUs,
  data: Float32Array.from(values),
});
const irregular = (times: readonly number[], values: readonly number[]): Samples => ({
  sensor: "s",
  startUs: times[0] ?? 0,
  timesUs: Float64Array.from(times),
  data: Float32Array.from(values),
});
const at100Hz = (channels = 1): Resampler => createResampler({ channels, rateHz: 100 });
const runsOf = (result: ReturnType<Resampler["push"]>): unknown => {
  if ("code" in result) throw new Error(result.code);
  return result;
};
test.for([
  ["half a row", regular(0, [1, 2, 3]), "SAMPLES_SHAPE"],
  ["a time too few", { ...irregular([0], [1, 2, 3, 4]) }, "SAMPLES_SHAPE"],
  ["not a number", regular(0, [1, Number.NaN]), "SAMPLES_NOT_FINITE"],
  ["infinity", regular(0, [1, Number.POSITIVE_INFINITY]), "SAMPLES_NOT_FINITE"],
  ["no start", regular(Number.NaN, [1, 2]), "SAMPLES_TIME_INVALID"],
  ["no period", regular(0, [1, 2], 0), "SAMPLES_TIME_INVALID"],
  ["no time", irregular([50_000, Number.NaN], [1, 2, 3, 4]), "SAMPLES_TIME_INVALID"],
  ["times that step back", irregular([100_000, 99_999], [1, 2, 3, 4]), "SAMPLES_TIME_BACK"],
  ["a start before the last row", irregular([20_000], [1, 2]), "SAMPLES_TIME_BACK"],
  ["an old regular packet", regular(0, [1, 2]), "SAMPLES_TIME_BACK"],
] as const)("a packet with %s is refused, counted, and changes nothing", ([, packet, code]) => {
  const resampler = at100Hz(2);
  resampler.push(regular(0, [0, 0, 1, 1, 2, 2, 3, 3]));
  expect(resampler.push(packet)).toMatchObject({ code });
  expect(resampler.counters).toMatchObject({ samples: 4, refused: { [code]: 1 } });
  expect(runsOf(resampler.push(regular(40_000, [4, 4])))).toEqual([
    { firstIndex: 4, data: Float32Array.of(4, 4), continues: true },
  ]);
});
