import type { Graph, Tensor, Tensors } from "@edgeloop/core/graph";
import type { Session } from "@edgeloop/core/runtime";

/** A float output for all examples: rows of its last axis after one another. */
export type Result = { readonly width: number; readonly data: Float32Array };

/** What a model gives for examples, by output. */
export type Results = Readonly<Record<string, Result>>;

/** Runs a model on all batches and joins the results. */
export async function resultsOf(
  session: Session,
  batches: readonly Tensors[],
  onRun: () => void = () => undefined,
): Promise<Results> {
  const parts: Record<string, Tensor[]> = {};
  for (const feeds of batches) {
    for (const [name, tensor] of Object.entries(await session.run(feeds))) {
      if (tensor.dtype !== "float32") continue;
      parts[name] = [...(parts[name] ?? []), tensor];
    }
    onRun();
  }
  return Object.fromEntries(
    Object.entries(parts).map(([name, tensors]) => [name, joined(tensors)]),
  );
}

function joined(tensors: readonly Tensor[]): Result {
  const data = new Float32Array(tensors.reduce((sum, tensor) => sum + tensor.data.length, 0));
  let at = 0;
  for (const tensor of tensors) {
    if (tensor.dtype === "float32") data.set(tensor.data, at);
    at += tensor.data.length;
  }
  const shape = tensors[0]?.shape ?? [];
  return { width: shape.length > 1 ? (shape.at(-1) ?? 1) : 1, data };
}

/** The first output of a model, which it is judged by. */
export const judged = (graph: Pick<Graph, "outputs">, results: Results): Result =>
  results[graph.outputs[0]?.name ?? ""] ?? { width: 1, data: new Float32Array(0) };

/** The place of the largest value in each row. */
export function largestOf({ width, data }: Result): readonly number[] {
  return Array.from({ length: Math.floor(data.length / Math.max(1, width)) }, (_, row) => {
    let best = 0;
    for (let i = 1; i < width; i += 1) {
      if ((data[row * width + i] ?? 0) > (data[row * width + best] ?? 0)) best = i;
    }
    return best;
  });
}

/** Share of rows that agree; 1 when there are none. */
export const agreement = (a: readonly number[], b: readonly number[]): number =>
  a.length === 0 ? 1 : a.filter((value, i) => value === b[i]).length / a.length;

/** Class indices; undefined when `target` is no list of int64, one for each row. */
export function classesOf(target: Tensor | undefined, rows: number): readonly number[] | undefined {
  if (target?.dtype !== "int64" || target.data.length !== rows) return undefined;
  return Array.from(target.data, Number);
}

/** Mean absolute and root mean square error. */
export type Errors = { readonly mean: number; readonly rootMeanSquare: number };

/** Compares results with what was true; undefined when `target` is no floats of their number. */
export function errorsOf(target: Tensor | undefined, { data }: Result): Errors | undefined {
  if (target?.dtype !== "float32" || target.data.length !== data.length) return undefined;
  let [sum, square] = [0, 0];
  for (const [i, value] of data.entries()) {
    const error = value - (target.data[i] ?? 0);
    sum += Math.abs(error);
    square += error * error;
  }
  const count = Math.max(1, data.length);
  return { mean: sum / count, rootMeanSquare: Math.sqrt(square / count) };
}

/** How two results differ. */
export type Difference = {
  readonly max: number;
  readonly mean: number;
  /** Root mean square of the difference over that of the first. */
  readonly relative: number;
};

/** Compares results output by output; names that only one has do not count. */
export function differenceOf(a: Results, b: Results): Difference {
  let [max, sum, square, signal, count] = [0, 0, 0, 0, 0];
  for (const [name, { data }] of Object.entries(a)) {
    const other = b[name]?.data;
    if (other?.length !== data.length) continue;
    for (const [i, value] of data.entries()) {
      const error = Math.abs(value - (other[i] ?? 0));
      max = Math.max(max, error);
      sum += error;
      square += error * error;
      signal += value * value;
      count += 1;
    }
  }
  const relative = square === 0 ? 0 : Math.sqrt(square / signal);
  return { max, mean: sum / Math.max(1, count), relative };
}
