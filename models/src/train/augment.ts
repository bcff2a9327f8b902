import type { Rng } from "@edgeloop/core/platform";
import { gaussian } from "@edgeloop/core/platform";
import type { Augment } from "../problem/problem.ts";

type Matrix = readonly number[];

/** Half turns about no axis, x, y and z: the four ways in which a box can sit in its slot. */
const halfTurns: readonly (readonly [number, number, number])[] = [
  [1, 1, 1],
  [1, -1, -1],
  [-1, 1, -1],
  [-1, -1, 1],
];

/**
 * Writes an augmented copy of a window: one rotation for all triples of channels, one gain, and noise.
 *
 * Channels count as triples x, y, z in order (accelerometer, gyroscope, …); a rest of one or two is not rotated.
 *
 * @param target Where to write, at `offset`; `source.length` values, row-major `[time, channel]`.
 * @param spec Rotation is by a normally distributed angle with that deviation, about a random axis; gain is
 *   `1 + scale · N(0, 1)`; jitter is the deviation of the noise as a fraction of the window's root mean square.
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
  const gain = 1 + spec.scale * gaussian(rng);
  const noise = spec.jitter * rootMeanSquare(data);
  const triples = Math.floor(channels / 3);
  for (let row = 0; row < data.length; row += channels) {
    const out = target.offset + row;
    for (let triple = 0; triple < triples; triple += 1) {
      rotateInto(target.data, out + 3 * triple, data.subarray(row + 3 * triple), matrix);
    }
    for (let rest = 3 * triples; rest < channels; rest += 1) {
      target.data[out + rest] = data[row + rest] ?? 0;
    }
    for (let channel = 0; channel < channels; channel += 1) {
      const value = target.data[out + channel] ?? 0;
      target.data[out + channel] = gain * value + (noise > 0 ? noise * gaussian(rng) : 0);
    }
  }
}

function rotateInto(target: Float32Array, at: number, from: Float32Array, m: Matrix): void {
  const [x = 0, y = 0, z = 0] = from;
  for (let row = 0; row < 3; row += 1) {
    const [a = 0, b = 0, c = 0] = [m[3 * row], m[3 * row + 1], m[3 * row + 2]];
    target[at + row] = a * x + b * y + c * z;
  }
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

function rootMeanSquare(data: Float32Array): number {
  let sum = 0;
  for (const value of data) sum += value * value;
  return Math.sqrt(sum / Math.max(1, data.length));
}
