import { expect, test } from "vitest";
import { windowFeatureNames, windowFeatures } from "./window-features.ts";

// NumPy on float32 samples of 0.7 + 1.5 sin(2 pi 0.05 i) + 0.4 sin(2 pi 0.31 i), i < 200, with the Haar steps
// (a - b) / sqrt 2 and (a + b) / sqrt 2 written out.
const wave = Float32Array.from(
  { length: 200 },
  (_, i) => 0.7 + 1.5 * Math.sin(2 * Math.PI * i * 0.05) + 0.4 * Math.sin(2 * Math.PI * i * 0.31),
);
const numpy = [
  0.699999996498, 0.040493523075, 0.220958604535, 0.1, -0.542417025823, -0.448699376534,
  -0.231364923835, -0.135846997586, -0.880858226312,
];

test("the features are NumPy's", () => {
  expect([...windowFeatures(wave, 1)]).toEqual(numpy.map((value) => expect.closeTo(value, 9)));
});

test("channels do not touch each other", () => {
  const data = new Float32Array(600);
  for (let row = 0; row < 200; row += 1) data.set([1, wave[row]!, row], row * 3);
  const features = windowFeatures(data, 3);
  expect(features).toHaveLength(windowFeatureNames(["x", "y", "z"]).length);
  expect([...features.subarray(9, 18)]).toEqual([...windowFeatures(wave, 1)]);
});

test("a louder signal moves its levels by the logarithm and nothing else", () => {
  const louder = windowFeatures(
    wave.map((value) => value * 8),
    1,
  );
  const moved = [...louder].map((value, i) => value - windowFeatures(wave, 1)[i]!);
  // Eight times is exact in float32, so that no sample changes sides of the mean by rounding.
  const by = Math.log10(8);
  const [mean = 0] = windowFeatures(wave, 1);
  expect(moved).toEqual([7 * mean, by, 0, 0, by, by, by, by, by].map((v) => expect.closeTo(v, 5)));
});

test.for([1, 3, 200])("a silent window of %i samples has finite features", (rows) => {
  const features = windowFeatures(new Float32Array(rows).fill(9.81), 1);
  expect(features.subarray(1).every(Number.isFinite)).toBe(true);
});
