import { intOf } from "./attributes.ts";
import { byteLengthOf } from "./dtypes.ts";
import type { Graph, Node, ValueInfo } from "./graph.ts";
import { inferValues } from "./infer.ts";

/** What a graph costs, before anything runs. */
export type Estimate = {
  /** Elements of all floating-point and quantized weights. */
  readonly parameters: number;
  /** Multiply-accumulate operations of convolutions and matrix products, per run. */
  readonly macs: number;
  /** Bytes of all initialisers. */
  readonly weightBytes: number;
  /** Largest sum of bytes of the values that must exist at one time, weights not counted. */
  readonly activationBytesPeak: number;
};

/**
 * Estimates what one run costs. Nodes run in order; a value lives from the node that makes it to the last that reads
 * it. In-place reuse by a runtime is not counted, so the peak is an upper bound.
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
  const values = inferValues(graph);
  const shapeOf = (name: string | undefined): readonly number[] =>
    (values.get(name ?? "")?.shape ?? []).map((dim) =>
      typeof dim === "number" ? dim : (sizes.get(dim) ?? 1),
    );
  const weights = [...graph.initializers.values()];
  return {
    parameters: weights
      .filter(({ dtype }) => dtype !== "int64" && dtype !== "bool")
      .reduce((sum, { shape }) => sum + countOf(shape), 0),
    macs: graph.nodes.reduce((sum, node) => sum + macsOf(node, shapeOf), 0),
    weightBytes: weights.reduce((sum, { dtype, shape }) => sum + byteLengthOf(dtype, shape), 0),
    activationBytesPeak: peakOf(graph, (name) => bytesOf(values.get(name), shapeOf(name))),
  };
}

const countOf = (shape: readonly number[]): number => shape.reduce((n, dim) => n * dim, 1);

const bytesOf = (info: ValueInfo | undefined, shape: readonly number[]): number =>
  info === undefined ? 0 : byteLengthOf(info.dtype, shape);

function macsOf(node: Node, shapeOf: (name: string | undefined) => readonly number[]): number {
  const [first, second] = node.inputs.map(shapeOf);
  const result = countOf(shapeOf(node.outputs[0]));
  switch (node.op) {
    case "Conv":
    case "ConvInteger":
      return result * countOf(second?.slice(1) ?? []);
    case "ConvTranspose":
      return countOf(first ?? []) * countOf(second?.slice(1) ?? []);
    case "MatMul":
    case "MatMulInteger":
      return result * (first?.at(-1) ?? 1);
    case "Gemm":
      return result * (first?.at(intOf(node, "transA", 0) === 0 ? 1 : 0) ?? 1);
    default:
      return 0;
  }
}

function peakOf(graph: Graph, bytesOfValue: (name: string) => number): number {
  const lastUse = new Map<string, number>();
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of [...node.outputs, ...node.inputs]) lastUse.set(name, index);
  }
  for (const { name } of graph.outputs) lastUse.set(name, graph.nodes.length);
  const endings = Map.groupBy(lastUse.keys(), (name) => lastUse.get(name) ?? 0);
  const inputs = new Set(graph.inputs.map(({ name }) => name));
  let live = [...inputs].reduce((sum, name) => sum + bytesOfValue(name), 0);
  let peak = live;
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of node.outputs) live += bytesOfValue(name);
    peak = Math.max(peak, live);
    for (const name of endings.get(index) ?? []) {
      if (!graph.initializers.has(name)) live -= bytesOfValue(name);
    }
  }
  return peak;
}
