import { graphBuilder } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { readsOf } from "../graph/reads.ts";
import { simplify } from "../graph/simplify.ts";
import type { QuantizationPlan } from "./plan.ts";
import { planQuantization } from "./plan.ts";

/** What is quantized. The same options belong to `observe` and `quantize`. */
export type QuantizationOptions = {
  /** Values before which everything stays in float: the features that a model reads, say. */
  readonly after?: readonly string[];
  /**
   * Integers of activations; `uint8` when absent. Precision is the same; onnxruntime 1.30 on x86-64 turns `int8` back
   * into `uint8`, and not everywhere: a 1-D CNN took 45 µs natively (`int8` 51) and 96 µs in wasm (`int8` 129).
   */
  readonly activations?: "uint8" | "int8";
};

/** A float graph that shows the values whose ranges quantization needs. */
export type Observation = {
  /** The simplified graph; observed values are outputs beside its own. */
  readonly graph: Graph;
  /** Names of the outputs to watch. */
  readonly observed: readonly string[];
};

/** The simplified graph with its plan: where `observe` and `quantize` meet. */
export function planOf(
  graph: Graph,
  { after = [] }: QuantizationOptions,
): { readonly graph: Graph; readonly plan: QuantizationPlan } {
  const before = ancestorsOf(graph, after);
  const small = simplify(graph);
  const isFloat = (node: Node): boolean => node.outputs.some((name) => before.has(name));
  return { graph: small, plan: planQuantization(small, isFloat) };
}

/** Name under which a value is observed: an input cannot be an output, so it gets one of its own. */
export const observedName = (graph: Graph, value: string): string =>
  graph.inputs.some(({ name }) => name === value) ? `${value}.observed` : value;

/**
 * Prepares a float graph for calibration: run it on representative data and add each observed output to a histogram.
 * Which values are observed depends on the graph's structure alone.
 *
 * @throws What `inferValues` throws.
 */
export function observe(graph: Graph, options: QuantizationOptions = {}): Observation {
  const { graph: small, plan } = planOf(graph, options);
  const builder = graphBuilder(small);
  const outputs = new Set(small.outputs.map(({ name }) => name));
  const values = inferValues(small);
  const sources = [...plan.sources.values()].flat();
  for (const value of sources) {
    const name = observedName(small, value);
    if (name !== value) builder.add("Identity", [value], { outputs: [name] });
    if (!outputs.has(name)) builder.output({ ...values.get(value), name, dtype: "float32" });
  }
  return { graph: builder.build(), observed: sources.map((value) => observedName(small, value)) };
}

/** The values that some values are made from, and those themselves. */
function ancestorsOf(graph: Graph, values: readonly string[]): ReadonlySet<string> {
  const found = new Set(values);
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((name) => found.has(name))) continue;
    for (const name of readsOf(node)) found.add(name);
  }
  return found;
}
