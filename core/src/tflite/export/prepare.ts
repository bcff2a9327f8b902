import type { Dim, Graph, ValueInfo } from "../../graph/graph.ts";
import { inferContents } from "../../graph/infer.ts";
import type { Known } from "../../graph/operator.ts";
import { simplify } from "../../graph/simplify.ts";
import { unrollRecurrence } from "../../graph/unroll-recurrence.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import { realMoves } from "./real-moves.ts";
import { writtenOut } from "./written-out.ts";

/** A graph that is ready to be written: every size a number. */
export type Prepared = { readonly graph: Graph; readonly known: ReadonlyMap<string, Known> };

/**
 * Fixes the batch, folds normalisation, writes recurrent cells out, and tells every shape.
 *
 * @throws `TFLITE_UNSUPPORTED` for a size that is still open, and what `inferValues` throws.
 */
export function prepare(graph: Graph, batch: number): Prepared {
  const small = simplify(writtenOut(unrollRecurrence(withBatch(graph, batch))));
  const real = realMoves(small, inferContents(small));
  const known = inferContents(real);
  for (const node of real.nodes) {
    for (const name of [...node.inputs, ...node.outputs]) {
      if (name === "" || isFixed(known.get(name))) continue;
      throw open(name, `node "${node.name || node.outputs[0]}" (${node.op})`);
    }
  }
  return { graph: real, known };
}

const isFixed = (value: Known | undefined): boolean =>
  value?.shape?.every((dim) => typeof dim === "number") ?? false;

/** Gives names of first axes a number, wherever they stand; outputs keep only what inference says of them. */
function withBatch(graph: Graph, batch: number): Graph {
  const names = new Set(graph.inputs.flatMap(({ shape }) => shape?.slice(0, 1) ?? []));
  const fix = (dim: Dim): Dim => (typeof dim === "string" && names.has(dim) ? batch : dim);
  const inputs = graph.inputs.map((info): ValueInfo => {
    const shape = info.shape?.map(fix);
    const stays = shape?.find((dim) => typeof dim === "string");
    if (shape === undefined || stays !== undefined) throw open(info.name, "an input");
    return { ...info, shape };
  });
  const outputs = graph.outputs.map(({ name, dtype }) => ({ name, dtype }));
  return { ...graph, inputs, outputs };
}

const open = (name: string, where: string): EdgeloopError =>
  new EdgeloopError(
    "TFLITE_UNSUPPORTED",
    `.tflite needs every size as a number: ${where} has an open one in "${name}"; give the graph fixed sizes`,
    { details: { value: name } },
  );
