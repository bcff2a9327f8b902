import type { Tensor, Tensors } from "../graph/tensor.ts";

/**
 * Compares the outputs of two runs: the largest difference, relative to the largest expected magnitude.
 *
 * @returns 0 when equal; `Infinity` when names, dtypes or shapes differ, or one has a NaN where the other has a number.
 * @example
 * const y = (data) => ({ y: { dtype: "int64", shape: [2], data } });
 * largestDifference(y([1n, -4n]), y([1n, -3n])); // => 0.25
 */
export function largestDifference(expected: Tensors, actual: Tensors): number {
  const names = Object.keys(expected);
  if (names.length !== Object.keys(actual).length) return Number.POSITIVE_INFINITY;
  return names.reduce(
    (largest, name) => Math.max(largest, tensorDifference(expected[name], actual[name])),
    0,
  );
}

function tensorDifference(expected: Tensor | undefined, actual: Tensor | undefined): number {
  const alike =
    expected !== undefined &&
    expected.dtype === actual?.dtype &&
    expected.shape.join() === actual.shape.join();
  if (!alike) return Number.POSITIVE_INFINITY;
  let [magnitude, difference] = [0, 0];
  for (let at = 0; at < expected.data.length; at += 1) {
    const [a, b] = [Number(expected.data[at]), Number(actual.data[at])];
    if (Number.isFinite(a)) magnitude = Math.max(magnitude, Math.abs(a));
    if (Object.is(a, b) || a === b) continue;
    if (!Number.isFinite(a - b)) return Number.POSITIVE_INFINITY;
    difference = Math.max(difference, Math.abs(a - b));
  }
  return difference === 0 ? 0 : difference / magnitude;
}
