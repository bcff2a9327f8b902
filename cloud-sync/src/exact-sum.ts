import { EdgeloopError } from "@edgeloop/core/platform";

/** Bounds known before the first contribution: they fix the grid, and with it every bit of the sum. */
export type SumLimits = {
  /** S: the largest absolute value of a coordinate. */
  readonly valueMax: number;
  /** W: the largest weight. */
  readonly weightMax: number;
  /** N: the largest number of contributions. */
  readonly cohortMax: number;
};

/** A weighted sum in the making; `add` and `merge` mutate it, nothing else does. */
export type ExactSum = {
  readonly limits: SumLimits;
  /** Distance of neighbouring grid points, a power of two. */
  readonly step: number;
  /** Multiples of `step`, exact. */
  readonly values: Float64Array;
  /** Sum of the weights, an integer. */
  weight: number;
  /** Number of contributions. */
  count: number;
};

/**
 * Gives the grid on which contributions are summed: S·W·N·2^-52, rounded up to a power of two.
 *
 * Any sum of at most N grid points of at most S·W is below 2^53 steps, so float64 holds it exactly. N counts as at
 * least 2: rounding by a constant of 1.5·2^52 steps needs room for half as much on either side.
 *
 * @throws `SUM_LIMITS_INVALID` when a limit is not positive or the grid leaves float64's normal range.
 * @example
 * gridStep({ valueMax: 1, weightMax: 1, cohortMax: 4 }); // => 2 ** -50
 */
export function gridStep({ valueMax, weightMax, cohortMax }: SumLimits): number {
  const bound = valueMax * weightMax * Math.max(2, cohortMax);
  const step = powerOfTwoAtLeast(bound * 2 ** -52);
  const positive =
    valueMax > 0 && weightMax > 0 && Number.isSafeInteger(cohortMax) && cohortMax > 0;
  if (!positive || step < 2 ** -1021 || !Number.isFinite(roundingConstant(step) * 2)) {
    throw new EdgeloopError(
      "SUM_LIMITS_INVALID",
      "expected positive limits whose product float64 can hold",
      { details: { valueMax, weightMax, cohortMax } },
    );
  }
  return step;
}

/** Starts an empty sum of `length` coordinates. @throws `SUM_LIMITS_INVALID` */
export const exactSum = (length: number, limits: SumLimits): ExactSum => ({
  limits,
  step: gridStep(limits),
  values: new Float64Array(length),
  weight: 0,
  count: 0,
});

/**
 * Adds one weighted contribution: `round(weight · value)` to the grid, coordinate by coordinate.
 *
 * The bits of the sum depend neither on the order of contributions nor on their grouping. A refused contribution
 * leaves the sum as it was.
 *
 * @param values As many as the sum has coordinates.
 * @param weight A positive integer (a number of examples), so that the sum of weights is exact too.
 * @throws `SUM_LENGTH_MISMATCH`, `SUM_WEIGHT_EXCEEDED`, `SUM_VALUE_EXCEEDED` (also for NaN), `SUM_FULL`
 */
export function addTo(sum: ExactSum, values: Float32Array, weight: number): void {
  const { valueMax, weightMax, cohortMax } = sum.limits;
  checkLength(sum, values.length);
  if (!(Number.isSafeInteger(weight) && weight > 0 && weight <= weightMax)) {
    throw new EdgeloopError(
      "SUM_WEIGHT_EXCEEDED",
      `expected an integer weight from 1 to ${weightMax}`,
      { details: { weight, weightMax } },
    );
  }
  const worst = firstAbove(values, valueMax);
  if (worst >= 0) {
    throw new EdgeloopError(
      "SUM_VALUE_EXCEEDED",
      `expected finite values of at most ${valueMax}; clip the update or raise the plan's limit`,
      { details: { index: worst, value: String(values[worst]), valueMax } },
    );
  }
  if (sum.count >= cohortMax) throw full(sum);
  const constant = roundingConstant(sum.step);
  const target = sum.values;
  for (let i = 0; i < target.length; i += 1) {
    const rounded = (values[i] as number) * weight + constant - constant;
    target[i] = (target[i] as number) + rounded;
  }
  sum.weight += weight;
  sum.count += 1;
}

/**
 * Adds another sum over the same grid, for instance of another shard of the cohort.
 *
 * @throws `SUM_LENGTH_MISMATCH` also when the grids differ, `SUM_FULL`
 */
export function mergeInto(sum: ExactSum, other: ExactSum): void {
  checkLength(sum, other.values.length);
  if (sum.step !== other.step) {
    throw new EdgeloopError("SUM_LENGTH_MISMATCH", "sums over different grids cannot be merged", {
      details: { step: sum.step, otherStep: other.step },
    });
  }
  if (sum.count + other.count > sum.limits.cohortMax) throw full(sum);
  const target = sum.values;
  for (let i = 0; i < target.length; i += 1) {
    target[i] = (target[i] as number) + (other.values[i] as number);
  }
  sum.weight += other.weight;
  sum.count += other.count;
}

/**
 * Divides by the sum of weights.
 *
 * Off the exact weighted mean by at most `count · step / (2 · Σ weights)` and the rounding of one division.
 *
 * @throws `SUM_EMPTY` when nothing was added.
 */
export function meanOf(sum: ExactSum): Float64Array {
  if (sum.count === 0) {
    throw new EdgeloopError("SUM_EMPTY", "a mean needs at least one contribution");
  }
  return sum.values.map((value) => value / sum.weight);
}

/** Adding and subtracting it rounds a number of at most 2^51 steps to a multiple of the step, ties to even. */
const roundingConstant = (step: number): number => 1.5 * 2 ** 52 * step;

function firstAbove(values: Float32Array, valueMax: number): number {
  for (let i = 0; i < values.length; i += 1) {
    if (!(Math.abs(values[i] as number) <= valueMax)) return i;
  }
  return -1;
}

function checkLength(sum: ExactSum, length: number): void {
  if (length !== sum.values.length) {
    throw new EdgeloopError("SUM_LENGTH_MISMATCH", `expected ${sum.values.length} coordinates`, {
      details: { expected: sum.values.length, length },
    });
  }
}

const full = (sum: ExactSum): EdgeloopError =>
  new EdgeloopError(
    "SUM_FULL",
    `expected at most ${sum.limits.cohortMax} contributions; the grid holds no more exactly`,
    { details: { count: sum.count, cohortMax: sum.limits.cohortMax } },
  );

/** Rounds a positive normal number up to a power of two, by its bits. */
function powerOfTwoAtLeast(value: number): number {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const isPower = (high & 0xfffff) === 0 && bits.getUint32(4) === 0;
  bits.setUint32(0, high & 0xfff00000);
  bits.setUint32(4, 0);
  const below = bits.getFloat64(0);
  return isPower ? below : below * 2;
}
