import { createWindower } from "@edgeloop/core/data";
import { seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { decoderOf, parseFormat } from "./format.ts";

const info = { sensor: "s", rateHz: 100, channels: [{ name: "x", unit: "V" }] };
const format = parseFormat({ kind: "json", values: ["x"] }, info);
const packet = new TextEncoder().encode(JSON.stringify({ x: Array(10).fill(1) }));
const startUs = 1_700_000_000_000_000;

/** Windows of a second out of packets of 10 samples that come at these times. */
function windowsOf(arrivalsUs: readonly number[]) {
  const decode = decoderOf(info, format);
  const windower = createWindower(info, { rateHz: 100, lengthSamples: 100, hopSamples: 100 });
  const refused: string[] = [];
  let windows = 0;
  for (const atUs of arrivalsUs) {
    const found = windower.push(decode(packet, atUs));
    windows += found.windows.length;
    if (found.refusal) refused.push(found.refusal.code);
  }
  return { windows, refused, counters: windower.counters };
}

test("packets that come up to 80 ms late give whole windows, and none is refused", () => {
  const rng = seededRng(1);
  const arrivals = Array.from({ length: 600 }, (_, at) =>
    Math.round(startUs + at * 100_000 + rng() * 80_000),
  );
  const { windows, refused, counters } = windowsOf(arrivals);
  expect(refused).toEqual([]);
  expect(counters.gaps).toBe(0);
  // A minute of samples, less than two seconds of it before the first and after the last whole window.
  expect(windows).toBeGreaterThanOrEqual(58);
  // Interpolated or dropped rows are the exception.
  expect(counters.samplesFilled + counters.samplesDropped).toBeLessThan(60);
});

test("a sensor whose clock runs 3 % slow is followed", () => {
  const arrivals = Array.from({ length: 600 }, (_, at) => Math.round(startUs + at * 103_000));
  const decode = decoderOf(info, format);
  const lagsUs = arrivals.map((atUs) => atUs - 90_000 - decode(packet, atUs).startUs);
  // 3 ms a packet, a sixteenth of the lag taken over each: the lag settles at 48 ms.
  expect(Math.max(...lagsUs.map(Math.abs))).toBeLessThan(50_000);
  expect(windowsOf(arrivals).refused).toEqual([]);
});

test("a pause starts anew, and a burst after it is not refused", () => {
  const before = Array.from({ length: 20 }, (_, at) => startUs + at * 100_000);
  const burst = Array.from({ length: 20 }, (_, at) => startUs + 5_000_000 + at * 1000);
  const after = Array.from({ length: 50 }, (_, at) => startUs + 5_100_000 + at * 100_000);
  const { refused, counters } = windowsOf([...before, ...burst, ...after]);
  expect(refused).toEqual([]);
  expect(counters.gaps).toBe(1);
});

test("times of the payload's own stay as they are", () => {
  const timed = parseFormat({ kind: "json", values: ["x"], time: { path: "t", unit: "us" } }, info);
  const decode = decoderOf(info, timed);
  const at = (t: number): number => decode(new TextEncoder().encode(`{"x":1,"t":${t}}`), 0).startUs;
  expect([5, 90_005, 3].map(at)).toEqual([5, 90_005, 3]);
});
