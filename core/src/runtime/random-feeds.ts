import { zeros } from "../graph/dtypes.ts";
import type { Dim, ValueInfo } from "../graph/graph.ts";
import type { DType, Tensor, Tensors } from "../graph/tensor.ts";
import { sizeOf } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Rng } from "../platform/random.ts";
import { gaussian } from "../platform/random.ts";

/** How random feeds are made. */
export type RandomFeedOptions = {
  readonly rng: Rng;
  /** Size of every dimension that the model leaves open; 1 when absent. */
  readonly batch?: number;
};

/**
 * Makes data for a model's inputs: normal numbers, bytes over their whole range, zeros and ones for other integers,
 * which are mostly positions or masks.
 *
 * @throws `FEED_INVALID` for an input of text.
 */
export function randomFeeds(
  inputs: readonly ValueInfo[],
  { rng, batch = 1 }: RandomFeedOptions,
): Tensors {
  const sized = (dim: Dim): number => (typeof dim === "number" ? dim : batch);
  return Object.fromEntries(
    inputs.map(({ name, dtype, shape = [] }) => {
      if (dtype === "string") {
        throw new EdgeloopError("FEED_INVALID", `input ${name} is text; give tensors for it`);
      }
      return [name, filled(zeros(dtype, shape.map(sized)), drawers[dtype](rng))];
    }),
  );
}

/**
 * Makes more data like some: floats of the same mean and spread, everything else as it is.
 *
 * int8 kernels take shorter on constant data, so time is measured on noise.
 */
export const randomLike = (feeds: Tensors, rng: Rng): Tensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => [
      name,
      tensor.dtype === "float32" || tensor.dtype === "float64" ? noiseLike(tensor, rng) : tensor,
    ]),
  );

function noiseLike(tensor: Tensor & { readonly dtype: "float32" | "float64" }, rng: Rng): Tensor {
  const size = Math.max(1, sizeOf(tensor.shape));
  let [sum, squares] = [0, 0];
  for (const value of tensor.data) {
    sum += value;
    squares += value * value;
  }
  const mean = sum / size;
  const spread = Math.sqrt(Math.max(0, squares / size - mean * mean));
  return filled(zeros(tensor.dtype, tensor.shape), () => mean + spread * gaussian(rng));
}

type Draw = () => number | bigint;

const range =
  (low: number, high: number) =>
  (rng: Rng): Draw =>
  () =>
    low + Math.floor(rng() * (high - low + 1));
const bigBit =
  (rng: Rng): Draw =>
  () =>
    BigInt(Math.floor(rng() * 2));
const normal =
  (rng: Rng): Draw =>
  () =>
    gaussian(rng);

const drawers: Readonly<Record<Exclude<DType, "string">, (rng: Rng) => Draw>> = {
  float32: normal,
  float64: normal,
  int8: range(-128, 127),
  uint8: range(0, 255),
  int16: range(0, 1),
  uint16: range(0, 1),
  int32: range(0, 1),
  uint32: range(0, 1),
  int64: bigBit,
  uint64: bigBit,
  bool: range(0, 1),
  // Bits of numbers from 1 to below 2.
  float16: range(0x3c00, 0x3fff),
  int4: range(0, 255),
  uint4: range(0, 255),
};

function filled(tensor: Tensor, draw: Draw): Tensor {
  const data = tensor.data as { length: number; [at: number]: number | bigint };
  for (let at = 0; at < data.length; at += 1) data[at] = draw();
  return tensor;
}
