import { graphBuilder } from "../graph/builder.ts";
import type { Graph, ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import type { DType } from "../graph/tensor.ts";
import { unrollRecurrence } from "../graph/unroll-recurrence.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { backward } from "./backward.ts";
import type { Emitter } from "./emitter.ts";
import { emitter } from "./emitter.ts";

const isFloat = ({ dtype }: { readonly dtype: string }): boolean => dtype.startsWith("float");

/**
 * Adds gradient nodes to a graph, in plain ONNX operators that every runtime has.
 *
 * The result has an input `<y>.grad` for each float output (the gradient that arrives there, of `y`'s shape) and an
 * output `<x>.grad` for each of `wrt`; a value that influences no output has gradient 0.
 *
 * @param wrt Names of float inputs or initialisers; all float inputs when absent.
 * Cells that run over a sequence are written out step by step first.
 *
 * @throws `GRADIENT_UNSUPPORTED` or `RECURRENCE_UNSUPPORTED` naming a node and the reason; `VALUE_UNKNOWN` when `wrt` names no float value.
 * @example
 * const x = { name: "x", dtype: "float32", shape: ["N"] };
 * const node = { name: "square", op: "Mul", inputs: ["x", "x"], outputs: ["y"], attributes: {} };
 * const square = { name: "square", inputs: [x], outputs: [{ ...x, name: "y" }], nodes: [node], initializers: new Map() };
 * differentiate(square).outputs.map((info) => info.name); // => ["y", "x.grad"]
 */
export function differentiate(model: Graph, wrt?: readonly string[]): Graph {
  const graph = unrollRecurrence(model);
  const values = inferValues(graph);
  const names = wrt ?? graph.inputs.filter(isFloat).map((info) => info.name);
  const builder = graphBuilder(graph);
  const emit = emitter(builder, "grad");
  const seeds = new Map<string, string>();
  for (const output of graph.outputs.filter(isFloat)) {
    const info = { ...output, ...values.get(output.name), name: `${output.name}.grad` };
    seeds.set(output.name, builder.input(info));
  }
  const found = backward(emit, { graph, values, seeds, wrt: new Set(names) });
  for (const name of names) {
    const info = values.get(name);
    if (info === undefined || !isFloat(info)) throw unknownValue(name, graph);
    const gradient = found.get(name) ?? zeros(emit, name, info.dtype);
    builder.add("Identity", [gradient], { outputs: [`${name}.grad`] });
    builder.output({ ...info, name: `${name}.grad` } satisfies ValueInfo);
  }
  return builder.build();
}

const zeros = (emit: Emitter, name: string, dtype: DType): string =>
  emit.op("Expand", [
    emit.number(0, dtype === "float64" ? "float64" : "float32"),
    emit.op("Shape", [name]),
  ]);

const unknownValue = (name: string, graph: Graph): EdgeloopError =>
  new EdgeloopError("VALUE_UNKNOWN", `${name} is not a float input or initialiser of the graph`, {
    details: { name, graph: graph.name, inputs: graph.inputs.map((info) => info.name) },
  });
