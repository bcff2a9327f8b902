import type { Graph, Tensor, Tensors } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import { gatherRows } from "@edgeloop/core/training";
import type { ExampleTensors } from "./example-file.ts";

/** Examples of one run, where the model leaves the number open. */
export const batchRows = 64;

/** Feeds of a model, a run each, and which examples they are. */
export type ExampleBatches = {
  readonly batches: readonly Tensors[];
  readonly rows: readonly number[];
};

/**
 * Cuts examples into feeds of a model: as many rows as it was made for, or 64 where it leaves that open. Examples that
 * do not fill a run of fixed size are left out.
 *
 * @param rowsMax At most so many examples, at even distances.
 * @throws `DATA_INVALID` when there are fewer examples than one run takes.
 */
export function exampleBatches(
  graph: Pick<Graph, "inputs">,
  { size, tensors }: ExampleTensors,
  rowsMax: number = size,
): ExampleBatches {
  const fixed = graph.inputs.map(({ shape }) => shape?.[0]).find((dim) => typeof dim === "number");
  const each = typeof fixed === "number" ? fixed : batchRows;
  const count = Math.min(size, Math.max(rowsMax, each));
  const picked = Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
  const runs = typeof fixed === "number" ? Math.floor(count / each) : Math.ceil(count / each);
  if (runs === 0) {
    throw new EdgeloopError(
      "DATA_INVALID",
      `the model takes ${each} examples a run, the data have ${size}`,
    );
  }
  const batches = Array.from({ length: runs }, (_, run) => {
    const rows = picked.slice(run * each, (run + 1) * each);
    return Object.fromEntries(
      graph.inputs.flatMap(({ name, shape }) => {
        const tensor = tensors[name];
        if (tensor === undefined) return [];
        if (shape?.length !== 0) return [[name, gatherRows(tensor, rows)] as const];
        // A number for the whole run, a rate for one: that of its first example.
        return [[name, { ...gatherRows(tensor, rows.slice(0, 1)), shape: [] } as Tensor] as const];
      }),
    );
  });
  return { batches, rows: picked.slice(0, runs * each) };
}
