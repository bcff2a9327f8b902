import { intOf } from "../../graph/attributes.ts";
import type { Graph, Node } from "../../graph/graph.ts";
import { readsOf } from "../../graph/reads.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { sizeOf } from "../../graph/tensor.ts";

/** How a weight stands in its operator: `[in, out]`, `[out, in]` or `[out, in / groups, kernel…]`. */
export type WeightLayout =
  | { readonly kind: "columns" }
  | { readonly kind: "rows" }
  | { readonly kind: "kernels"; readonly groups: number };

/** A weight of convolutions or matrix products that a low-rank adapter can stand beside. */
export type AdaptableLayer = {
  /** The initialiser: float32, or integers behind a DequantizeLinear. */
  readonly weight: string;
  readonly tensor: Tensor;
  readonly layout: WeightLayout;
  /** The operators that multiply by it. */
  readonly nodes: readonly Node[];
  /** What makes floats of it, where it is integers. */
  readonly dequantize?: Node;
};

/** The two factors of a rank: `down` from the layer's input, `up` to its output. */
export type AdapterShapes = { readonly down: readonly number[]; readonly up: readonly number[] };

/**
 * Lists the weights of Conv, Gemm and MatMul that every reader uses alike, in the order of their first use.
 *
 * A product of more than a matrix, a Gemm that transposes its input, and a weight that something else reads too are
 * not among them.
 */
export function adaptableLayers(graph: Graph): readonly AdaptableLayer[] {
  const readers = new Map<string, Node[]>();
  for (const node of graph.nodes) {
    for (const name of new Set(readsOf(node))) {
      readers.set(name, [...(readers.get(name) ?? []), node]);
    }
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  const readersOf = (name: string): readonly Node[] =>
    outputs.has(name) ? [] : (readers.get(name) ?? []);
  const found = [...graph.initializers].flatMap(([weight, tensor]): AdaptableLayer[] => {
    const source = sourceOf(weight, tensor, readersOf(weight));
    if (source === undefined) return [];
    const nodes = readersOf(source.value);
    const layout = commonLayout(nodes, source.value, tensor.shape.length);
    if (layout === undefined) return [];
    const { dequantize } = source;
    return [{ weight, tensor, layout, nodes, ...(dequantize === undefined ? {} : { dequantize }) }];
  });
  const place = new Map(graph.nodes.map((node, index) => [node, index]));
  const placeOf = ({ nodes: [node] }: AdaptableLayer): number =>
    node === undefined ? 0 : (place.get(node) ?? 0);
  return found.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** The float value of a weight: itself, or what its only reader, a DequantizeLinear, makes of it. */
function sourceOf(
  weight: string,
  { dtype }: Tensor,
  readers: readonly Node[],
): { readonly value: string; readonly dequantize?: Node } | undefined {
  if (dtype === "float32") return { value: weight };
  const [dequantize] = readers;
  if (dequantize === undefined || readers.length > 1) return undefined;
  if (!isPlain(dequantize) || dequantize.op !== "DequantizeLinear") return undefined;
  const [value = ""] = dequantize.outputs;
  return dequantize.inputs[0] === weight ? { value, dequantize } : undefined;
}

function commonLayout(
  nodes: readonly Node[],
  value: string,
  rank: number,
): WeightLayout | undefined {
  const [layout, ...others] = nodes.map((node) => layoutOf(node, value, rank));
  if (layout === undefined) return undefined;
  return others.every((other) => isSame(other, layout)) ? layout : undefined;
}

const isPlain = (node: Node): boolean => (node.domain ?? "") === "";

function layoutOf(node: Node, value: string, rank: number): WeightLayout | undefined {
  if (!isPlain(node) || node.inputs[1] !== value) return undefined;
  if (node.inputs.filter((name) => name === value).length > 1) return undefined;
  switch (node.op) {
    case "MatMul":
      return rank === 2 ? { kind: "columns" } : undefined;
    case "Gemm":
      if (intOf(node, "transA", 0) !== 0) return undefined;
      return { kind: intOf(node, "transB", 0) === 0 ? "columns" : "rows" };
    case "Conv":
      return { kind: "kernels", groups: intOf(node, "group", 1) };
    default:
      return undefined;
  }
}

const isSame = (a: WeightLayout | undefined, b: WeightLayout): boolean =>
  a?.kind === b.kind && (a.kind !== "kernels" || b.kind !== "kernels" || a.groups === b.groups);

/** The shapes of a layer's two factors; a convolution's rank counts for each of its groups. */
export function adapterShapes(layer: AdaptableLayer, rank: number): AdapterShapes {
  const { layout, tensor } = layer;
  const [first = 0, second = 0, ...kernel] = tensor.shape;
  switch (layout.kind) {
    case "columns":
      return { down: [first, rank], up: [rank, second] };
    case "rows":
      return { down: [rank, second], up: [first, rank] };
    case "kernels":
      return {
        down: [rank * layout.groups, second, ...kernel],
        up: [first, rank, ...kernel.map(() => 1)],
      };
  }
}

/** How many values of the input one output of the weight is made of. */
export function fanIn({ layout, tensor }: AdaptableLayer): number {
  const [first = 0, ...rest] = tensor.shape;
  return layout.kind === "columns" ? first : sizeOf(rest);
}
