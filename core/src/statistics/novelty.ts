/** Windows that stand for what is normal, in units of each feature's own spread. */
export type NoveltyReference = {
  /** Number of features. */
  readonly width: number;
  readonly mean: Float64Array;
  readonly spread: Float64Array;
  /** Row-major `[window, feature]`. */
  readonly bank: Float64Array;
  /** How far each window of the reference is from the others, those near it in time left out; in order of time. */
  readonly scores: Float64Array;
};

/**
 * Builds a reference from windows in order of time.
 *
 * @param rows Row-major `[window, feature]`.
 * @param apart Windows that are less apart than this do not vouch for each other: neighbours are alike by nature.
 */
export function noveltyReference(
  rows: Float64Array,
  width: number,
  apart: number,
): NoveltyReference {
  const count = rows.length / width;
  const mean = new Float64Array(width);
  const spread = new Float64Array(width);
  for (let f = 0; f < width; f += 1) {
    for (let i = 0; i < count; i += 1) mean[f]! += rows[i * width + f]! / count;
    let squares = 0;
    for (let i = 0; i < count; i += 1) squares += (rows[i * width + f]! - mean[f]!) ** 2 / count;
    // A feature that never varied must not make noise of rounding.
    spread[f] = Math.max(Math.sqrt(squares), 1e-6 * Math.abs(mean[f]!), 1e-12);
  }
  const bank = rows.map((value, at) => (value - mean[at % width]!) / spread[at % width]!);
  const scores = new Float64Array(count);
  const reference = { width, mean, spread, bank, scores };
  for (let i = 0; i < count; i += 1) {
    scores[i] = nearest(reference, bank.subarray(i * width, (i + 1) * width), {
      skipFrom: i - apart + 1,
      skipTo: i + apart,
    });
  }
  return reference;
}

/** How far a window is from the nearest one of the reference. */
export function novelty(reference: NoveltyReference, features: ArrayLike<number>): number {
  const { width, mean, spread } = reference;
  const point = new Float64Array(width);
  for (let f = 0; f < width; f += 1) point[f] = (features[f]! - mean[f]!) / spread[f]!;
  return nearest(reference, point, { skipFrom: 0, skipTo: 0 });
}

function nearest(
  { bank, width }: NoveltyReference,
  point: Float64Array,
  { skipFrom, skipTo }: { readonly skipFrom: number; readonly skipTo: number },
): number {
  const count = bank.length / width;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < count; i += 1) {
    if (i >= skipFrom && i < skipTo) continue;
    let distance = 0;
    for (let f = 0; f < width && distance < least; f += 1) {
      const delta = bank[i * width + f]! - point[f]!;
      distance += delta * delta;
    }
    if (distance < least) least = distance;
  }
  return Math.sqrt(least);
}
