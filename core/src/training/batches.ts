import { dtypes } from "../graph/dtypes.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { sizeOf } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { deriveSeed, seededRng, shuffled } from "../platform/random.ts";

/** Examples by index. */
export type Dataset = {
  readonly size: number;
  /** The feeds of a step for these examples: axis 0 of each tensor has one row an index, in their order. */
  batch(indices: readonly number[]): Tensors | Promise<Tensors>;
};

/**
 * Makes a dataset of tensors in memory; axis 0 counts the examples.
 *
 * @throws `DATASET_INVALID` when the tensors do not agree on that number.
 * @example
 * const data = tensorDataset({ x: { dtype: "float32", shape: [3, 1], data: Float32Array.of(5, 6, 7) } });
 * (await data.batch([2, 0])).x.data; // => Float32Array.of(7, 5)
 */
export function tensorDataset(tensors: Tensors): Dataset {
  const entries = Object.entries(tensors);
  const [size = 0] = entries.map(([, { shape }]) => shape[0] ?? -1);
  if (size < 0 || entries.some(([, { shape }]) => shape[0] !== size)) {
    throw new EdgeloopError(
      "DATASET_INVALID",
      "axis 0 of all tensors must count the same examples",
      {
        details: { shapes: Object.fromEntries(entries.map(([name, { shape }]) => [name, shape])) },
      },
    );
  }
  return {
    size,
    batch: (indices) =>
      Object.fromEntries(entries.map(([name, tensor]) => [name, gatherRows(tensor, indices)])),
  };
}

/**
 * Copies rows of axis 0 into a new tensor.
 *
 * @throws `DATASET_INVALID` for text.
 */
export function gatherRows(tensor: Tensor, rows: readonly number[]): Tensor {
  const { dtype, shape, data } = tensor;
  const { array } = dtypes[dtype];
  if (array === undefined || !ArrayBuffer.isView(data)) {
    throw new EdgeloopError("DATASET_INVALID", "a dataset holds numbers; encode text as int64");
  }
  const [, ...rest] = shape;
  const width = sizeOf(rest);
  const gathered = new array(rows.length * width);
  for (let at = 0; at < rows.length; at += 1) {
    const from = (rows[at] ?? 0) * width;
    (gathered as Uint8Array).set((data as Uint8Array).subarray(from, from + width), at * width);
  }
  return { dtype, shape: [rows.length, ...rest], data: gathered } as Tensor;
}

/** One step's examples. Padding repeats an example with weight 0, so that every batch has the same size. */
export type Batch = { readonly indices: readonly number[]; readonly examples: number };

/** How an epoch is cut into batches. */
export type BatchOptions = {
  readonly size: number;
  readonly batchSize: number;
  readonly seed: number;
  /** What becomes of a last batch that is not full. */
  readonly partial: "pad" | "drop";
};

/**
 * Cuts an epoch into batches, in an order that depends on the seed and the epoch's number alone.
 *
 * @example
 * batchesOf(0, { size: 3, batchSize: 2, seed: 1, partial: "pad" }).map((batch) => batch.examples); // => [2, 1]
 */
export function batchesOf(
  epoch: number,
  { size, batchSize, seed, partial }: BatchOptions,
): Batch[] {
  const order = shuffled(
    Array.from({ length: size }, (_, index) => index),
    seededRng(deriveSeed(seed, `epoch ${epoch}`)),
  );
  const batches: Batch[] = [];
  for (let start = 0; start < size; start += batchSize) {
    const indices = order.slice(start, start + batchSize);
    const examples = indices.length;
    if (examples < batchSize && partial === "drop") break;
    while (indices.length < batchSize) indices.push(order[0] ?? 0);
    batches.push({ indices, examples });
  }
  return batches;
}
