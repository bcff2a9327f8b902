import { byteLengthOf } from "./dtypes.ts";
import type { Dim, Graph, Node, ValueInfo } from "./graph.ts";
import type { Inference } from "./infer.ts";
import { inferBodies } from "./infer.ts";
import { macsOf } from "./macs.ts";
import { bodiesOf, readsOf } from "./reads.ts";
import type { Tensor } from "./tensor.ts";

/** What a graph costs, before anything runs. */
export type Estimate = {
  /** Elements of all floating-point and quantized weights. */
  readonly parameters: number;
  /** Multiply-accumulate operations of convolutions, products and recurrent cells, per run. */
  readonly macs: number;
  /** Bytes of all initialisers. */
  readonly weightBytes: number;
  /** Largest sum of bytes of the values that must exist at one time, weights not counted. */
  readonly activationBytesPeak: number;
};

/**
 * Estimates what one run costs. Nodes run in order; a value lives from the node that makes it to the last that reads
 * it. In-place reuse by a runtime is not counted, so the peak is an upper bound. Of two branches the dearer counts, of
 * a loop each round whose number is known, else one.
 *
 * @param options `sizes` gives numbers to named dimensions; those without one count as 1.
 * @throws What `inferValues` throws.
 * @example
 * const b = graphBuilder("g");
 * const x = b.input({ name: "x", dtype: "float32", shape: ["N", 4] });
 * b.output({ name: b.add("MatMul", [x, b.initializer("w", f32(new Float32Array(8), [4, 2]))]), dtype: "float32" });
 * estimate(b.build()); // => { parameters: 8, macs: 8, weightBytes: 32, activationBytesPeak: 24 }
 */
export function estimate(
  graph: Graph,
  options: { readonly sizes?: Readonly<Record<string, number>> } = {},
): Estimate {
  const sizes = new Map(Object.entries(options.sizes ?? {}));
  const inference = inferBodies(graph);
  const weights = weightsOf(graph);
  const cost = costOf(graph, {
    inference,
    sizeOf: (dim) => (typeof dim === "number" ? dim : (sizes.get(dim) ?? 1)),
    find: (name) => inference.values.get(name),
    constant: (name) => graph.initializers.get(name),
  });
  return {
    parameters: weights
      .filter(({ dtype }) => dtype !== "int64" && dtype !== "bool")
      .reduce((sum, { shape }) => sum + countOf(shape), 0),
    macs: cost.macs,
    weightBytes: weights.reduce((sum, { dtype, shape }) => sum + byteLengthOf(dtype, shape), 0),
    activationBytesPeak: cost.bytesPeak,
  };
}

const countOf = (shape: readonly number[]): number => shape.reduce((n, dim) => n * dim, 1);

const weightsOf = (graph: Graph): readonly Tensor[] => [
  ...graph.initializers.values(),
  ...graph.nodes.flatMap(bodiesOf).flatMap(weightsOf),
];

type Scope = {
  readonly inference: Inference;
  readonly sizeOf: (dim: Dim) => number;
  readonly find: (name: string) => ValueInfo | undefined;
  readonly constant: (name: string) => Tensor | undefined;
};

type Cost = { readonly macs: number; readonly bytesPeak: number };

function costOf(graph: Graph, scope: Scope): Cost {
  const sizesOf = (name: string | undefined): readonly number[] =>
    (scope.find(name ?? "")?.shape ?? []).map(scope.sizeOf);
  const inner = new Map(graph.nodes.map((node) => [node, bodyCost(node, scope)] as const));
  const own = graph.nodes.reduce((sum, node) => sum + macsOf(node, sizesOf), 0);
  const bytesOfValue = (name: string): number => {
    const info = scope.find(name);
    return info === undefined ? 0 : byteLengthOf(info.dtype, sizesOf(name));
  };
  return {
    macs: [...inner.values()].reduce((sum, { macs }) => sum + macs, own),
    bytesPeak: peakOf(graph, bytesOfValue, (node) => inner.get(node)?.bytesPeak ?? 0),
  };
}

/** The dearest of a node's bodies, as often as it runs. Those that inference did not follow do not run. */
function bodyCost(node: Node, scope: Scope): Cost {
  const costs = bodiesOf(node).flatMap((body) => {
    const values = scope.inference.bodies.get(body);
    if (values === undefined) return [];
    return costOf(body, {
      ...scope,
      find: (name) => values.get(name) ?? scope.find(name),
      constant: (name) => body.initializers.get(name) ?? scope.constant(name),
    });
  });
  return {
    macs: Math.max(0, ...costs.map(({ macs }) => macs)) * roundsOf(node, scope),
    bytesPeak: Math.max(0, ...costs.map(({ bytesPeak }) => bytesPeak)),
  };
}

function roundsOf(node: Node, { constant, find, sizeOf }: Scope): number {
  if (node.op === "Loop") return Number(constant(node.inputs[0] ?? "")?.data[0] ?? 1);
  if (node.op !== "Scan") return 1;
  const axes = node.attributes["scan_input_axes"];
  const axis = axes?.kind === "ints" ? axes.value.at(-1) : 0;
  return sizeOf(find(node.inputs.at(-1) ?? "")?.shape?.at(axis ?? 0) ?? 1);
}

function peakOf(
  graph: Graph,
  bytesOfValue: (name: string) => number,
  bytesInside: (node: Node) => number,
): number {
  const lastUse = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of [...node.outputs, ...readsOf(node)]) lastUse.set(name, index);
  }
  for (const { name } of graph.outputs) lastUse.set(name, graph.nodes.length);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  // What a body takes from around it lives there, and is not counted again.
  const ownNames = new Set([...inputs, ...graph.nodes.flatMap(({ outputs }) => outputs)]);
  const endings = Map.groupBy(lastUse.keys(), (name) => lastUse.get(name) ?? 0);
  let live = [...inputs].reduce((sum, name) => sum + bytesOfValue(name), 0);
  let peak = live;
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of node.outputs) live += bytesOfValue(name);
    peak = Math.max(peak, live + bytesInside(node));
    for (const name of endings.get(index) ?? []) if (ownNames.has(name)) live -= bytesOfValue(name);
  }
  return peak;
}
