import { graphBuilder } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { readsOf } from "../graph/reads.ts";
import { simplify } from "../graph/simplify.ts";
import { joinBias } from "./join-bias.ts";
import type { QuantizationPlan } from "./plan.ts";
import { planQuantization } from "./plan.ts";

/** What is quantized. The same options belong to `observe` and `quantize`. Plain data. */
export type QuantizationOptions = {
  /** Values before which everything stays in float: the features that a model reads, say. */
  readonly after?: readonly string[];
  /** Nodes that stay in float, by name as `nodeTitle` tells it. */
  readonly exclude?: readonly string[];
  /**
   * Integers of activations; `uint8` when absent. Precision is the same; onnxruntime 1.30 on x86-64 turns `int8` back
   * into `uint8`, and not everywhere: a 1-D CNN took 45 µs natively (`int8` 51) and 96 µs in wasm (`int8` 129).
   */
  readonly activations?: "uint8" | "int8";
  /** Whether zero is the middle integer of every activation; costs up to one bit of precision, none when absent. */
  readonly symmetric?: boolean;
  /**
   * Whether inputs and results of the graph become integers too, and operators that onnxruntime computes in float: what
   * `.tflite` and microcontrollers need. Costs precision of the last layer; off when absent.
   */
  readonly whole?: boolean;
};

/** A float graph that shows the values whose ranges quantization needs. */
export type Observation = {
  /** The simplified graph; observed values are outputs beside its own. */
  readonly graph: Graph;
  /** Names of the outputs to watch. */
  readonly observed: readonly string[];
};

/** What people call a node: its name, or its first output's where it has none. */
export const nodeTitle = ({ name, outputs }: Node): string =>
  name === "" ? (outputs.find(Boolean) ?? "") : name;

/** The simplified graph with its plan: where `observe` and `quantize` meet. */
export function planOf(
  graph: Graph,
  { after = [], exclude = [], whole = false }: QuantizationOptions,
  { products = "joined" }: { readonly products?: "joined" | "apart" } = {},
): { readonly graph: Graph; readonly plan: QuantizationPlan } {
  const before = ancestorsOf(graph, after);
  const excluded = new Set(exclude);
  const isFloat = (node: Node): boolean =>
    excluded.has(nodeTitle(node)) || node.outputs.some((name) => before.has(name));
  const simple = simplify(graph);
  const small = products === "joined" ? joinBias(simple, isFloat) : simple;
  return { graph: small, plan: planQuantization(small, { isFloat, whole }) };
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
  const sources = [...plan.sources.values()].flat();
  return {
    graph: withObserved(small, sources),
    observed: sources.map((value) => observedName(small, value)),
  };
}

/** Shows every float value of the simplified graph. */
export function observeEvery(graph: Graph): Observation {
  const small = joinBias(simplify(graph));
  const values = [...inferValues(small).values()]
    .filter(({ name, dtype }) => dtype === "float32" && !small.initializers.has(name))
    .map(({ name }) => name);
  return {
    graph: withObserved(small, values),
    observed: values.map((value) => observedName(small, value)),
  };
}

/** Makes values outputs beside those that a graph has; inputs under their observed name. */
export function withObserved(graph: Graph, observed: readonly string[]): Graph {
  const builder = graphBuilder(graph);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const values = inferValues(graph);
  for (const value of observed) {
    const name = observedName(graph, value);
    if (outputs.has(name)) continue;
    if (name !== value) builder.add("Identity", [value], { outputs: [name] });
    builder.output({ ...values.get(value), name, dtype: "float32" });
  }
  return builder.build();
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
