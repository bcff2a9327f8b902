import fc from "fast-check";
import { expect, test } from "vitest";
import { seededRng } from "../platform/random.ts";
import { augmentWindow, windowDataset } from "./augment.ts";

const none = { rotateDegrees: 0, scale: 0, jitter: 0, flip: false };
const window = Float32Array.from({ length: 28 }, (_, index) => Math.sin(index));
const augmented = (spec: typeof none, seed: number): Float32Array => {
  const target = { data: new Float32Array(window.length), offset: 0 };
  augmentWindow(target, { data: window, channels: 7 }, spec, seededRng(seed));
  return target.data;
};
const lengthOf = (data: Float32Array, at: number): number =>
  Math.hypot(data[at]!, data[at + 1]!, data[at + 2]!);

test("a spec of zeros changes nothing", () => {
  expect(augmented(none, 1)).toEqual(window);
});

test("rotation and half turns keep the length of every triple and the single channel", () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, flip) => {
      const data = augmented({ ...none, rotateDegrees: 40, flip }, seed);
      for (let row = 0; row < 28; row += 7) {
        expect(lengthOf(data, row)).toBeCloseTo(lengthOf(window, row), 5);
        expect(lengthOf(data, row + 3)).toBeCloseTo(lengthOf(window, row + 3), 5);
        expect(data[row + 6]).toBe(window[row + 6]);
      }
    }),
  );
});

test("both triples turn alike: the angle between accelerometer and gyroscope stays", () => {
  const dot = (data: Float32Array): number =>
    data[0]! * data[3]! + data[1]! * data[4]! + data[2]! * data[5]!;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const data = augmented({ ...none, rotateDegrees: 60, flip: true }, seed);
      expect(dot(data)).toBeCloseTo(dot(window), 5);
    }),
  );
});

test("the same seed gives the same window", () => {
  const spec = { rotateDegrees: 20, scale: 0.1, jitter: 0.05, flip: true };
  expect(augmented(spec, 5)).toEqual(augmented(spec, 5));
  expect(augmented(spec, 5)).not.toEqual(augmented(spec, 6));
});

test("a data set serves the windows as they are without augmentation, and the same draws for a seed with it", async () => {
  const set = { lengthSamples: 4, channels: 7, data: window, labels: [2] };
  const inputs = { window: "x", target: "y" };
  const plain = await windowDataset(set, inputs).batch([0, 0]);
  expect(plain["x"]!.data).toEqual(Float32Array.of(...window, ...window));
  expect(plain["y"]!.data).toEqual(BigInt64Array.of(2n, 2n));
  const augmentation = { augment: { ...none, jitter: 0.1 }, seed: 3 };
  const draw = async () =>
    (await windowDataset(set, inputs, augmentation).batch([0, 0]))["x"]!.data as Float32Array;
  const first = await draw();
  expect(first).toEqual(await draw());
  expect(first.slice(0, 28)).not.toEqual(first.slice(28));
});
