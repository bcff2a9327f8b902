import fc from "fast-check";
import { expect, test } from "vitest";
import {
  activationParams,
  quantizeBias,
  quantizeWeights,
  roundHalfEven,
  scaleMin,
  uint8Limits,
  weightScales,
} from "./int8-params.ts";

const finite = (min: number, max: number): fc.Arbitrary<number> =>
  fc.double({ noNaN: true, min, max });
const range = fc
  .tuple(finite(-1e30, 1e30), finite(-1e30, 1e30))
  .map(([a, b]) => ({ min: Math.min(a, b), max: Math.max(a, b) }));

test("zero is an integer, and every value of the range is within half a step of one", () => {
  fc.assert(
    fc.property(range, fc.double({ min: 0, max: 1, noNaN: true }), ({ min, max }, share) => {
      const { scale, zeroPoint } = activationParams({ min, max });
      expect(Number.isInteger(zeroPoint) && zeroPoint >= -128 && zeroPoint <= 127).toBe(true);
      const value = Math.min(min, 0) + share * (Math.max(max, 0) - Math.min(min, 0));
      const integer = Math.min(127, Math.max(-128, Math.round(value / scale) + zeroPoint));
      // Rounding the zero point can cost another half step at one end.
      expect(Math.abs((integer - zeroPoint) * scale - value)).toBeLessThanOrEqual(scale * 1.01);
    }),
  );
});

// By hand: 255 steps over [-1, 1] widened to hold 0; a rectified range begins at the lowest integer.
test.for([
  [{ min: 0, max: 2.55 }, Math.fround(0.01), -128],
  [{ min: -2.55, max: 0 }, Math.fround(0.01), 127],
  [{ min: 5, max: 10 }, Math.fround(10 / 255), -128],
  [{ min: 0, max: 0 }, 1, -128],
  [{ min: 0, max: 1e-30 }, scaleMin, -128],
] as const)("%j has scale %f and zero point %i", ([given, scale, zeroPoint]) => {
  expect(activationParams(given)).toEqual({ scale, zeroPoint });
});

test("uint8 has the same steps, 128 higher", () => {
  const given = { min: -1, max: 3 };
  expect(activationParams(given, uint8Limits).zeroPoint).toBe(
    activationParams(given).zeroPoint + 128,
  );
});

test.for([
  { min: 1, max: 0 },
  { min: Number.NaN, max: 0 },
  { min: 0, max: Number.POSITIVE_INFINITY },
])("%j is refused", (given) => {
  expect(() => activationParams(given)).toThrow("finite min and max");
});

test("a half rounds to the even neighbour, as QuantizeLinear does", () => {
  expect([0.5, 1.5, 2.5, -0.5, -1.5, 1.4, -1.6].map(roundHalfEven)).toEqual([
    0, 2, 2, 0, -2, 1, -2,
  ]);
});

test("each channel has its own scale, whichever axis it is", () => {
  const weights = Float32Array.of(1, 10, 2, 20);
  expect([...weightScales(weights, { channels: 2, stride: 1 }, 1)]).toEqual(
    [2 / 127, 20 / 127].map(Math.fround),
  );
  const rows = weightScales(weights, { channels: 2, stride: 2 }, 1);
  expect([...quantizeWeights(weights, { channels: 2, stride: 2 }, rows)]).toEqual([
    13, 127, 13, 127,
  ]);
});

test("a bias never overflows 32 bits, and is precise where weights are zero", () => {
  fc.assert(
    fc.property(finite(-1e6, 1e6), finite(0, 1e-20), finite(1e-9, 100), (b, w, inputScale) => {
      const bias = Float32Array.of(b);
      const exact = bias[0] ?? 0;
      const scales = weightScales(Float32Array.of(w), { channels: 1, stride: 1 }, inputScale, bias);
      const { integers, scales: units } = quantizeBias(bias, scales, inputScale);
      const back = (integers[0] ?? 0) * (units[0] ?? 0);
      expect(Math.abs(back - exact)).toBeLessThanOrEqual(
        Math.max(Math.abs(b) * 1e-6, units[0] ?? 0),
      );
    }),
  );
});
