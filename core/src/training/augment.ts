import { f32 } from "../graph/tensor.ts";
import type { Rng } from "../platform/random.ts";
import { deriveSeed, gaussian, seededRng } from "../platform/random.ts";
import type { Dataset } from "./batches.ts";

/** Light augmentation of a training window; zeros and `false` change nothing. */
export type Augment = {
  /** Deviation of the angle of a rotation about a random axis. */
  readonly rotateDegrees: number;
  /** Deviation of the gain of each triple of channels. */
  readonly scale: number;
  /** Deviation of the noise as a fraction of each triple's root mean square in the window. */
  readonly jitter: number;
  /** Half turns about an axis: a sensor or a phone that may sit the other way round. */
  readonly flip: boolean;
};

type Matrix = readonly number[];

/** Half turns about no axis, x, y and z: the four ways in which a box can sit in its slot. */
const halfTurns: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, -1, -1],
  [-1, 1, -1],
  [-1, -1, 1],
];

/**
 * Writes an augmented copy of a window: one rotation for all triples of channels, a gain a triple, and noise.
 *
 * Channels count as triples x, y, z in order (accelerometer, gyroscope, …); a rest of one or two gets gain and noise but
 * no rotation.
 *
 * @param target Where to write, at `offset`; `source.data.length` values, row-major `[time, channel]`.
 * @see Um et al. 2017, arXiv:1706.00527 (rotation, scaling, jittering of wearable sensors)
 */
export function augmentWindow(
  target: { readonly data: Float32Array; readonly offset: number },
  source: { readonly data: Float32Array; readonly channels: number },
  spec: Augment,
  rng: Rng,
): void {
  const { channels, data } = source;
  const matrix = randomRotation(spec, rng);
  const triples = Math.ceil(channels / 3);
  const gains = Array.from({ length: triples }, () => 1 + spec.scale * gaussian(rng));
  const levels = gains.map((_, triple) => spec.jitter * levelOf(source, triple));
  for (let row = 0; row < data.length; row += channels) {
    const out = target.offset + row;
    for (let triple = 0; 3 * triple + 2 < channels; triple += 1) {
      rotateInto(target.data, out + 3 * triple, data, { from: row + 3 * triple, matrix });
    }
    for (let rest = channels - (channels % 3); rest < channels; rest += 1) {
      target.data[out + rest] = data[row + rest]!;
    }
    for (let channel = 0; channel < channels; channel += 1) {
      const triple = Math.floor(channel / 3);
      const noise = levels[triple]! > 0 ? levels[triple]! * gaussian(rng) : 0;
      target.data[out + channel] = gains[triple]! * target.data[out + channel]! + noise;
    }
  }
}

function rotateInto(
  target: Float32Array,
  at: number,
  data: Float32Array,
  { from, matrix: m }: { readonly from: number; readonly matrix: Matrix },
): void {
  const [x, y, z] = [data[from]!, data[from + 1]!, data[from + 2]!];
  for (let row = 0; row < 3; row += 1) {
    target[at + row] = m[3 * row]! * x + m[3 * row + 1]! * y + m[3 * row + 2]! * z;
  }
}

/** Root mean square of a triple of channels over the window. */
function levelOf(
  { data, channels }: { readonly data: Float32Array; readonly channels: number },
  triple: number,
): number {
  const [first, last] = [3 * triple, Math.min(channels, 3 * triple + 3)];
  let [sum, count] = [0, 0];
  for (let row = 0; row < data.length; row += channels) {
    for (let channel = first; channel < last; channel += 1) {
      sum += data[row + channel]! ** 2;
      count += 1;
    }
  }
  return Math.sqrt(sum / Math.max(1, count));
}

/** Draws a rotation about a random axis, after a random half turn when the spec asks for one (Rodrigues). */
function randomRotation({ rotateDegrees, flip }: Augment, rng: Rng): Matrix {
  const [a, b, c] = [gaussian(rng), gaussian(rng), gaussian(rng)];
  const norm = Math.hypot(a, b, c) || 1;
  const [x, y, z] = [a / norm, b / norm, c / norm];
  const angle = (rotateDegrees * Math.PI * gaussian(rng)) / 180;
  const [s, k] = [Math.sin(angle), 1 - Math.cos(angle)];
  const turn = halfTurns[flip ? Math.floor(rng() * 4) : 0] ?? [1, 1, 1];
  const r = [
    [1 - k * (y * y + z * z), k * x * y - s * z, k * x * z + s * y],
    [k * x * y + s * z, 1 - k * (x * x + z * z), k * y * z - s * x],
    [k * x * z - s * y, k * y * z + s * x, 1 - k * (x * x + y * y)],
  ];
  return r.flatMap((row) => row.map((value, column) => value * (turn[column] ?? 1)));
}

/** Windows with their classes, in memory. */
export type WindowSet = {
  readonly lengthSamples: number;
  readonly channels: number;
  /** Row-major `[window, time, channel]`. */
  readonly data: Float32Array;
  /** Class index of each window. */
  readonly labels: ArrayLike<number>;
};

/**
 * Serves batches of windows, augmented afresh each time: a draw depends on the seed and on how many batches came before.
 *
 * @param inputs Names of the step graph's inputs.
 * @returns Feeds `window` float32 `[N, time, channel]` and `target` int64 `[N]`.
 */
export function windowDataset(
  { data, labels, lengthSamples, channels }: WindowSet,
  inputs: { readonly window: string; readonly target: string },
  augmentation?: { readonly augment: Augment; readonly seed: number },
): Dataset {
  const size = lengthSamples * channels;
  let batches = 0;
  return {
    size: labels.length,
    batch: (indices) => {
      const window = new Float32Array(indices.length * size);
      const rng = seededRng(deriveSeed(augmentation?.seed ?? 0, `batch ${batches}`));
      batches += 1;
      indices.forEach((from, to) => {
        const source = { data: data.subarray(from * size, (from + 1) * size), channels };
        if (augmentation === undefined) window.set(source.data, to * size);
        else augmentWindow({ data: window, offset: to * size }, source, augmentation.augment, rng);
      });
      return {
        [inputs.window]: f32(window, [indices.length, lengthSamples, channels]),
        [inputs.target]: {
          dtype: "int64",
          shape: [indices.length],
          data: BigInt64Array.from(indices, (index) => BigInt(labels[index]!)),
        },
      };
    },
  };
}
