import fc from "fast-check";
import { expect, test } from "vitest";
import type { Samples, SensorInfo } from "./samples.ts";
import type { Window, WindowSpec } from "./window.ts";
import { createWindower } from "./windower.ts";

const info: SensorInfo = {
  sensor: "pump-1",
  channels: [
    { name: "x", unit: "m/s2" },
    { name: "y", unit: "m/s2" },
  ],
  rateHz: 1000,
};
const spec: WindowSpec = { rateHz: 1000, lengthSamples: 200, hopSamples: 100 };

// A signal that is a function of time, so that the right content of any window is known.
const packetAt = (startIndex: number, rows: number): Samples => {
  const data = new Float32Array(rows * 2);
  for (let i = 0; i < rows; i += 1) data.set([(startIndex + i) % 4096, i % 7], i * 2);
  return { sensor: "pump-1", startUs: startIndex * 1000, periodUs: 1000, data };
};
const startIndexOf = (window: Window): number => window.startUs / 1000;

test("windows start at multiples of the hop and hold the samples of their time", () => {
  const windower = createWindower(info, spec);
  const windows = [0, 1, 2, 3, 4].flatMap(
    (packet) => windower.push(packetAt(1_700_000_050 + packet * 100, 100)).windows,
  );
  expect(windows.map(startIndexOf)).toEqual([1_700_000_100, 1_700_000_200, 1_700_000_300]);
  for (const window of windows) {
    expect(window).toMatchObject({ sensor: "pump-1", rateHz: 1000 });
    expect(window.data).toHaveLength(400);
    expect(window.data[0]).toBe(startIndexOf(window) % 4096);
    expect(window.data[398]).toBe((startIndexOf(window) + 199) % 4096);
  }
  expect(windower.counters).toMatchObject({ samples: 500, windows: 3, gaps: 0 });
});

test("a window ends with the packet that holds its last sample", () => {
  const windower = createWindower(info, spec);
  const counts = [0, 1, 2, 3].map(
    (packet) => windower.push(packetAt(packet * 100, 100)).windows.length,
  );
  expect(counts).toEqual([0, 1, 1, 1]);
});

test("packets' sizes and a restart in the middle change no window", () => {
  const whole = createWindower(info, spec).push(packetAt(0, 2000)).windows;
  const sizes = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 3, maxLength: 12 });
  fc.assert(
    fc.property(sizes, (packets) => {
      const windower = createWindower(info, spec);
      let at = 0;
      const windows: Window[] = [];
      for (const rows of packets) {
        const part = packetAt(0, 2000).data.subarray(at * 2, (at + rows) * 2);
        windows.push(
          ...windower.push({ sensor: "pump-1", startUs: at * 1000, periodUs: 1000, data: part })
            .windows,
        );
        at += rows;
        if (at >= 2000) break;
      }
      expect(windows).toEqual(whole.slice(0, windows.length));
    }),
  );
  const restarted = createWindower(info, spec);
  const tail = packetAt(0, 2000).data.subarray(950 * 2);
  const { windows } = restarted.push({
    sensor: "pump-1",
    startUs: 950_000,
    periodUs: 1000,
    data: tail,
  });
  expect(windows).toEqual(whole.filter((window) => startIndexOf(window) >= 950));
});

test("a gap ends the open window and is counted, and later windows are whole", () => {
  const windower = createWindower(info, spec);
  windower.push(packetAt(0, 150));
  const { windows, gaps } = windower.push(packetAt(1000, 250));
  expect(gaps).toBe(1);
  expect(windows.map(startIndexOf)).toEqual([1000]);
  expect(windower.counters).toMatchObject({ gaps: 1, samplesCut: 150 });
});

test("a refused packet gives its reason and leaves the open window alone", () => {
  const windower = createWindower(info, spec);
  windower.push(packetAt(0, 150));
  const broken = { ...packetAt(150, 50), data: new Float32Array(100).fill(Number.NaN) };
  expect(windower.push(broken)).toMatchObject({
    windows: [],
    refusal: { code: "SAMPLES_NOT_FINITE" },
  });
  expect(windower.push(packetAt(150, 50)).windows.map(startIndexOf)).toEqual([0]);
});

test("a hop longer than the window passes over the rows between", () => {
  const windower = createWindower(info, { rateHz: 1000, lengthSamples: 50, hopSamples: 300 });
  const windows = Array.from({ length: 10 }, (_, i) =>
    windower.push(packetAt(i * 100, 100)),
  ).flatMap((cut) => cut.windows);
  expect(windows.map(startIndexOf)).toEqual([0, 300, 600, 900]);
});

test("windows do not change when the caller reuses its packet", () => {
  const windower = createWindower(info, spec);
  const packet = packetAt(0, 200);
  const [window] = windower.push(packet).windows;
  const before = window?.data.slice();
  packet.data.fill(0);
  expect(window?.data).toEqual(before);
});

test.for([
  { rateHz: 0, lengthSamples: 1, hopSamples: 1 },
  { rateHz: 100, lengthSamples: 0, hopSamples: 1 },
  { rateHz: 100, lengthSamples: 10, hopSamples: 0.5 },
])("a specification without sense is refused (%o)", (bad) => {
  expect(() => createWindower(info, bad)).toThrowError(
    expect.objectContaining({ code: "WINDOW_SPEC_INVALID" }),
  );
});
