import type { Graph, Tensors } from "@edgeloop/core/graph";
import { EdgeloopError, seededRng, shuffled } from "@edgeloop/core/platform";
import { gatherRows } from "@edgeloop/core/training";
import { readTensors } from "./tensor-file.ts";

/** Examples in memory: axis 0 of every tensor counts them. */
export type ExampleTensors = { readonly size: number; readonly tensors: Tensors };

/**
 * Reads examples from a .safetensors or .npz file: a tensor for each of the model's inputs, and what else is asked for.
 *
 * @param more Names beside the inputs, `target` for one.
 * @param optional Names that are taken where they are there.
 * @throws `FILE_MISSING`, `DATA_INVALID` naming what lacks or does not agree, what reading the file throws.
 */
export async function readExamples(
  path: string,
  graph: Pick<Graph, "inputs">,
  more: readonly string[] = [],
  optional: readonly string[] = [],
): Promise<ExampleTensors> {
  const found = await readTensors(path);
  const required = [...graph.inputs.map(({ name }) => name), ...more];
  const names = [...required, ...optional.filter((name) => found.has(name))];
  const missing = required.filter((name) => !found.has(name));
  if (missing.length > 0) {
    throw invalid(`${path} lacks ${missing.join(", ")}; it has ${[...found.keys()].join(", ")}`);
  }
  const entries = names.flatMap((name) => {
    const tensor = found.get(name);
    return tensor ? [[name, tensor] as const] : [];
  });
  const sizes = entries.map(([name, { shape }]) => [name, shape[0] ?? 0] as const);
  const [size = 0] = sizes.map(([, rows]) => rows);
  const odd = sizes.find(([, rows]) => rows !== size || rows === 0);
  if (odd) {
    const told = sizes.map(([name, rows]) => `${name} has ${rows}`).join(", ");
    throw invalid(`${path}: axis 0 must count the same examples, at least one; ${told}`);
  }
  return { size, tensors: Object.fromEntries(entries) };
}

/** Takes examples by index. */
export const pickExamples = (
  { tensors }: ExampleTensors,
  rows: readonly number[],
): ExampleTensors => ({
  size: rows.length,
  tensors: Object.fromEntries(
    Object.entries(tensors).map(([name, tensor]) => [name, gatherRows(tensor, rows)]),
  ),
});

/** Splits examples by chance: a share is held out. One seed gives one split. */
export function splitExamples(
  examples: ExampleTensors,
  { share, seed }: { readonly share: number; readonly seed: number },
): { readonly training: ExampleTensors; readonly validation: ExampleTensors } {
  const order = shuffled([...Array(examples.size).keys()], seededRng(seed));
  const held = Math.floor(examples.size * share);
  return {
    validation: pickExamples(examples, order.slice(0, held)),
    training: pickExamples(examples, order.slice(held)),
  };
}

const invalid = (message: string): EdgeloopError => new EdgeloopError("DATA_INVALID", message);
