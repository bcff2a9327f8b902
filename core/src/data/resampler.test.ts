import fc from "fast-check";
import { expect, test } from "vitest";
import type { GridRun, Resampler } from "./resampler.ts";
import { createResampler, gapSamplesMaxDefault } from "./resampler.ts";
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
const runsOf = (result: ReturnType<Resampler["push"]>): readonly GridRun[] => {
  if ("code" in result) throw new Error(result.code);
  return result;
};
const rows = (result: ReturnType<Resampler["push"]>): (readonly [number, number])[] =>
  runsOf(result).flatMap(({ firstIndex, data }) =>
    [...data].map((value, i) => [firstIndex + i, value] as const),
  );

test("regular packets of the grid's rate are copied bit for bit", () => {
  const resampler = at100Hz(2);
  const first = runsOf(resampler.push(regular(1_000_000, [0.1, 0.2, 0.3, 0.4])));
  const second = runsOf(resampler.push(regular(1_020_000, [0.5, 0.6])));
  expect(first).toEqual([
    { firstIndex: 100, data: Float32Array.of(0.1, 0.2, 0.3, 0.4), continues: false },
  ]);
  expect(second).toEqual([{ firstIndex: 102, data: Float32Array.of(0.5, 0.6), continues: true }]);
});

test("irregular samples lie on straight lines between their neighbours", () => {
  // By hand: from (5 ms, 0) to (25 ms, 20) the grid has 10 ms and 20 ms; then to (30 ms, 10) it has 30 ms.
  expect(rows(at100Hz().push(irregular([5_000, 25_000, 30_000], [0, 20, 10])))).toEqual([
    [1, 5],
    [2, 15],
    [3, 10],
  ]);
});

test("a sample on the grid is itself", () => {
  expect(rows(at100Hz().push(irregular([10_000, 20_000], [1, 2])))).toEqual([
    [1, 1],
    [2, 2],
  ]);
});

test("a straight line stays one, whatever its sampling and packets", () => {
  const steps = fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 2, maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 10 }), (stepsUs, packet) => {
      let atUs = 0;
      const timesUs = stepsUs.map((stepUs) => {
        atUs += stepUs;
        return atUs;
      });
      const resampler = at100Hz();
      const got: (readonly [number, number])[] = [];
      for (let i = 0; i < timesUs.length; i += packet) {
        const part = timesUs.slice(i, i + packet);
        got.push(
          ...rows(
            resampler.push(
              irregular(
                part,
                part.map((t) => t / 1000),
              ),
            ),
          ),
        );
      }
      const first = Math.ceil((timesUs[0] as number) / 10_000);
      const last = Math.floor(atUs / 10_000);
      expect(got.map(([index]) => index)).toEqual(
        Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => first + i),
      );
      for (const [index, value] of got) expect(value).toBeCloseTo(index * 10, 2);
    }),
  );
});

test("repeated times are dropped, the first of them stays", () => {
  const resampler = at100Hz();
  const packet = irregular([10_000, 10_000, 20_000, 20_000], [1, 9, 2, 9]);
  expect(rows(resampler.push(packet))).toEqual([
    [1, 1],
    [2, 2],
  ]);
  expect(rows(resampler.push(irregular([20_000, 30_000], [9, 3])))).toEqual([[3, 3]]);
  expect(resampler.counters.samplesRepeated).toBe(3);
});

test("another regular rate is interpolated", () => {
  expect(rows(at100Hz().push(regular(0, [0, 5, 10, 15, 20], 5_000)))).toEqual([
    [0, 0],
    [1, 10],
    [2, 20],
  ]);
});

test("a gap within the bound is bridged and counted, a longer one cuts", () => {
  const bridged = at100Hz();
  bridged.push(regular(0, [0]));
  expect(rows(bridged.push(regular(40_000, [8])))).toEqual([
    [1, 2],
    [2, 4],
    [3, 6],
    [4, 8],
  ]);
  expect(bridged.counters).toMatchObject({ samplesFilled: 3, gaps: 0 });

  const cut = at100Hz();
  cut.push(regular(0, [0]));
  const startUs = (gapSamplesMaxDefault + 2) * 10_000;
  expect(runsOf(cut.push(regular(startUs, [8])))).toEqual([
    { firstIndex: gapSamplesMaxDefault + 2, data: Float32Array.of(8), continues: false },
  ]);
  expect(cut.counters).toMatchObject({ samplesFilled: 0, gaps: 1 });
});

test("a gap inside an irregular packet cuts it into runs", () => {
  const result = at100Hz().push(irregular([0, 10_000, 900_000, 910_000], [1, 2, 3, 4]));
  expect(runsOf(result)).toEqual([
    { firstIndex: 0, data: Float32Array.of(1, 2), continues: false },
    { firstIndex: 90, data: Float32Array.of(3, 4), continues: false },
  ]);
});

test("a jump of years costs no memory", () => {
  const resampler = at100Hz();
  const packet = irregular([0, 10_000, 1.7e15, 1.7e15 + 10_000], [1, 2, 3, 4]);
  expect(rows(resampler.push(packet))).toHaveLength(4);
});

test("packets with jitter below a quarter of a sample are copied one after the other", () => {
  const resampler = at100Hz();
  const jittersUs = [4_900, 2_600, 7_300, 5_100, 4_000];
  const got = jittersUs.flatMap((jitterUs, i) =>
    rows(resampler.push(regular(i * 20_000 + jitterUs, [i, i]))),
  );
  expect(got.map(([index]) => index)).toEqual(Array.from({ length: 10 }, (_, i) => i));
  expect(resampler.counters).toMatchObject({ samplesFilled: 0, samplesDropped: 0 });
});

test.for([
  ["fast", 9_990],
  ["slow", 10_010],
] as const)("a sensor whose clock is %s stays on the grid", ([, trueUs]) => {
  const resampler = at100Hz();
  let rowsOut = 0;
  for (let packet = 0; packet < 2000; packet += 1) {
    const startUs = Math.round(packet * 10 * trueUs);
    rowsOut += rows(resampler.push(regular(startUs, new Array(10).fill(packet)))).length;
  }
  const expected = (2000 * 10 * trueUs) / 10_000;
  expect(Math.abs(rowsOut - expected)).toBeLessThanOrEqual(11);
  const { samplesFilled, samplesDropped, gaps } = resampler.counters;
  expect(samplesFilled - samplesDropped).toBe(rowsOut - 20_000);
  expect(gaps).toBe(0);
});

test("a packet delivered twice is refused the second time", () => {
  const resampler = at100Hz();
  const packet = regular(0, [1, 2, 3, 4]);
  resampler.push(packet);
  expect(resampler.push(packet)).toMatchObject({ code: "SAMPLES_TIME_BACK" });
});

test("an empty packet is nothing", () => {
  expect(at100Hz().push(regular(0, []))).toEqual([]);
});
