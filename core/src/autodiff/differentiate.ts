import { graphBuilder } from "../graph/builder.ts";
import type { Graph, ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import type { DType } from "../graph/tensor.ts";
import { unrollMaxPool } from "../graph/unroll-max-pool.ts";
import { unrollRecurrence } from "../graph/unroll-recurrence.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { backward } from "./backward.ts";
import type { Emitter } from "./emitter.ts";
import { emitter } from "./emitter.ts";

const isFloat = ({ dtype }: { readonly dtype: string }): boolean => dtype.startsWith("float");

/** Types that gradients are computed in. */
const isDifferentiable = ({ dtype }: { readonly dtype: DType }): boolean =>
  dtype === "float32" || dtype === "float64";

/**
 * Adds gradient nodes to a graph, in plain ONNX operators that every runtime has.
 *
 * The result has an input `<y>.grad` for each float output (the gradient that arrives there, of `y`'s shape) and an
 * output `<x>.grad` for each of `wrt`; a value that influences no output has gradient 0, and so has what comes through
 * integers, comparisons and rounding to integers. Cells that run over a sequence are written out step by step first.
 *
 * To differentiate once more, keep those outputs that matter and rename what ends in `.grad`.
 *
 * @param wrt Names of any float32 or float64 values but outputs: inputs, initialisers, results of nodes. All float
 *   inputs when absent; one that is named twice counts once.
 * @throws `GRADIENT_UNSUPPORTED` or `RECURRENCE_UNSUPPORTED` naming a node and the reason; `VALUE_UNKNOWN` when `wrt`
 *   names no such value; `GRAPH_NAME_TAKEN` when the graph has a value of a gradient's name.
 * @example
 * const x = { name: "x", dtype: "float32", shape: ["N"] };
 * const node = { name: "square", op: "Mul", inputs: ["x", "x"], outputs: ["y"], attributes: {} };
 * const square = { name: "square", inputs: [x], outputs: [{ ...x, name: "y" }], nodes: [node], initializers: new Map() };
 * differentiate(square).outputs.map((info) => info.name); // => ["y", "x.grad"]
 */
export function differentiate(model: Graph, wrt?: readonly string[]): Graph {
  const graph = unrollMaxPool(unrollRecurrence(model));
  const values = inferValues(graph);
  const names = new Set(wrt ?? graph.inputs.filter(isDifferentiable).map((info) => info.name));
  const infos = [...names].map((name) => wantedInfo(graph, name, values.get(name)));
  const builder = graphBuilder(graph);
  const emit = emitter(builder, "grad");
  const seeds = new Map<string, string>();
  for (const output of graph.outputs.filter(isFloat)) {
    const info = { ...output, ...values.get(output.name), name: `${output.name}.grad` };
    seeds.set(output.name, builder.input(info));
  }
  const found = backward(emit, { graph, values, seeds, wrt: names });
  for (const info of infos) {
    const gradient = found.get(info.name) ?? zeros(emit, info.name, info.dtype);
    builder.add("Identity", [gradient], { outputs: [`${info.name}.grad`] });
    builder.output({ ...info, name: `${info.name}.grad` });
  }
  return builder.build();
}

/** What is known of a value whose gradient is asked for. */
function wantedInfo(graph: Graph, name: string, info: ValueInfo | undefined): ValueInfo {
  if (graph.outputs.some((output) => output.name === name)) {
    throw unknownValue(graph, name, "is an output of the graph: its gradient is given, not found");
  }
  if (info !== undefined && isDifferentiable(info)) return info;
  const reason =
    info === undefined ? "is no value of the graph" : `is ${info.dtype}, not float32 or float64`;
  throw unknownValue(graph, name, reason);
}

const zeros = (emit: Emitter, name: string, dtype: DType): string =>
  emit.op("Expand", [
    emit.number(0, dtype === "float64" ? "float64" : "float32"),
    emit.op("Shape", [name]),
  ]);

const unknownValue = (graph: Graph, name: string, reason: string): EdgeloopError =>
  new EdgeloopError("VALUE_UNKNOWN", `no gradient of ${name}: it ${reason}`, {
    details: { name, graph: graph.name, inputs: graph.inputs.map((info) => info.name) },
  });
