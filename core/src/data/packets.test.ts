import fc from "fast-check";
import { expect, test } from "vitest";
import { packets } from "./packets.ts";

const info = { sensor: "imu", channels: [{ name: "x", unit: "m/s2" }], rateHz: 104 };
const periodUs = 1e6 / 104;

test("rows at the sensor's rate become regular packets, however their times were rounded", () => {
  const timesUs = Float64Array.from({ length: 250 }, (_, i) => Math.round(1.7e15 + i * periodUs));
  const data = Float32Array.from(timesUs, (_, i) => i);
  const cut = [...packets(info, { timesUs, data }, 100)];
  expect(cut.map((packet) => [packet.startUs, packet.periodUs, packet.data.length])).toEqual([
    [1.7e15, periodUs, 100],
    [timesUs[100], periodUs, 100],
    [timesUs[200], periodUs, 50],
  ]);
});

test("a gap starts a new packet and irregular rows keep their times", () => {
  const timesUs = Float64Array.from([
    0,
    periodUs,
    2 * periodUs,
    1e6,
    1e6 + periodUs,
    2e6,
    2.1e6,
    2.3e6,
  ]);
  const cut = [...packets(info, { timesUs, data: new Float32Array(8) }, 100)];
  expect(cut.map((packet) => [packet.startUs, packet.data.length, packet.timesUs])).toEqual([
    [0, 3, undefined],
    [1e6, 2, undefined],
    [2e6, 3, Float64Array.of(2e6, 2.1e6, 2.3e6)],
  ]);
});

test("packets hold every row once, in order, and none is longer than asked", () => {
  const steps = fc.array(fc.constantFrom(periodUs, 2 * periodUs, 123), { maxLength: 60 });
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: 20 }), (stepsUs, rowsMax) => {
      let atUs = 0;
      const timesUs = Float64Array.from(stepsUs, (stepUs) => {
        atUs += stepUs;
        return atUs;
      });
      const data = Float32Array.from(timesUs, (_, i) => i);
      const cut = [...packets(info, { timesUs, data }, rowsMax)];
      expect(cut.flatMap((packet) => [...packet.data])).toEqual([...data]);
      expect(cut.every((packet) => packet.data.length <= rowsMax)).toBe(true);
    }),
  );
});
