import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { readsOfGraph } from "../graph/reads.ts";
import { renameValues } from "../graph/rename.ts";
import { dropUnused } from "../graph/simplify.ts";
import type { TensorOf } from "../graph/tensor.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { int4Block, int4Weights } from "./int4-weights.ts";
import { quantizeWeights, weightScales } from "./int8-params.ts";
import type { QuantizationOptions } from "./observe.ts";
import { planOf } from "./observe.ts";
import type { QuantizationPlan } from "./plan.ts";

/** How weights alone are rounded. */
export type WeightOnlyOptions = Pick<QuantizationOptions, "after" | "exclude"> & {
  /** 8 bits with a scale for each output channel, or 4 with one for each block of 32 inputs; `int8` when absent. */
  readonly weights?: "int8" | "int4";
};

/** A float weight of a node, and the axes that rounding goes by. */
type Site = {
  readonly at: number;
  readonly weight: TensorOf<"float32">;
  /** Axis of the output channel. */
  readonly axis: number;
  /** Axis that products sum over; absent when it is all axes but the first. */
  readonly inputAxis?: number;
};

/**
 * Rounds the weights of a graph and leaves activations in float: a quarter or an eighth of the bytes, at the speed of
 * float. Convolutions, products and recurrent cells have their weights behind DequantizeLinear, and matrices that bodies of
 * control flow read; with `int4`, those with fewer than 32 inputs an output get 8 bits, as 4 would not be smaller.
 *
 * The structure depends on the float graph alone.
 *
 * @throws What `inferValues` throws.
 */
export function quantizeWeightOnly(graph: Graph, options: WeightOnlyOptions = {}): Graph {
  const { graph: small, plan } = planOf(graph, options, {
    // onnxruntime multiplies by 4-bit weights directly after MatMul alone.
    products: "apart",
  });
  const builder = graphBuilder({ ...small, nodes: [] });
  const made = new Map<string, string>();
  const inBodies = new Map(
    bodySites(small, plan).map((site) => [
      site.name,
      pushRounded(builder, site.name, { site, options }),
    ]),
  );
  for (const node of small.nodes) {
    const inputs = [...node.inputs];
    for (const site of sitesOf(node, small, plan)) {
      const name = node.inputs[site.at] ?? "";
      const key = `${name} ${site.axis}`;
      const rounded = made.get(key) ?? pushRounded(builder, name, { site, options });
      made.set(key, rounded);
      inputs[site.at] = rounded;
    }
    builder.push(readingInBodies({ ...node, inputs }, inBodies));
  }
  return dropUnused(builder.build());
}

/** Elements from which integers are smaller than what they need beside them. */
const bodyWeightsMin = 1024;

/** Matrices around control flow that its bodies read: there they may be put together before they are multiplied by. */
function bodySites(
  { nodes, initializers }: Graph,
  plan: QuantizationPlan,
): readonly (Site & { readonly name: string })[] {
  const bodies = nodes
    .filter((node) => !plan.isFloat(node))
    .flatMap(({ attributes }) => Object.values(attributes))
    .flatMap((attribute) => (attribute.kind === "graph" ? [attribute.value] : []));
  const names = new Set(bodies.flatMap(readsOfGraph));
  return [...names].flatMap((name) => {
    const weight = initializers.get(name);
    const isMatrix = weight?.dtype === "float32" && weight.shape.length >= 2;
    if (!isMatrix || weight.data.length < bodyWeightsMin) return [];
    return [{ at: 0, name, weight, axis: 0, inputAxis: weight.shape.length - 1 }];
  });
}

const readingInBodies = (node: Node, names: ReadonlyMap<string, string>): Node => ({
  ...node,
  attributes: Object.fromEntries(
    Object.entries(node.attributes).map(([key, attribute]) => [
      key,
      attribute.kind === "graph"
        ? { ...attribute, value: renameValues(attribute.value, (name) => names.get(name) ?? name) }
        : attribute,
    ]),
  ),
});

const recurrentOperators: ReadonlySet<string> = new Set(["GRU", "LSTM", "RNN"]);

function sitesOf(node: Node, graph: Graph, plan: QuantizationPlan): readonly Site[] {
  const found = plan.weighted.get(node);
  if (found !== undefined) {
    const { weight, axis } = found;
    const isConv = node.op === "Conv";
    const inputAxis = isConv ? {} : { inputAxis: node.op === "ConvTranspose" ? 0 : 1 - axis };
    return [{ at: 1, weight, axis, ...inputAxis }];
  }
  if (!recurrentOperators.has(node.op) || plan.isFloat(node)) return [];
  return [1, 2].flatMap((at) => {
    const weight = graph.initializers.get(node.inputs[at] ?? "");
    return weight?.dtype === "float32" ? [{ at, weight, axis: 1, inputAxis: 2 }] : [];
  });
}

function pushRounded(
  builder: GraphBuilder,
  stem: string,
  { site, options }: { readonly site: Site; readonly options: WeightOnlyOptions },
): string {
  const { weight, inputAxis } = site;
  const [first = 1] = weight.shape;
  const inputs =
    inputAxis === undefined ? weight.data.length / first : (weight.shape[inputAxis] ?? 1);
  if (options.weights === "int4" && inputs >= int4Block) return pushBlocks(builder, stem, site);
  const { axis } = site;
  const channels = {
    channels: weight.shape[axis] ?? 1,
    stride: weight.shape.slice(axis + 1).reduce((n, dim) => n * dim, 1),
  };
  const scales = weightScales(weight.data, channels, 1);
  const data = quantizeWeights(weight.data, channels, scales);
  const names = [
    builder.constant({ dtype: "int8", shape: weight.shape, data }, `${stem}.int8`),
    builder.constant(f32(scales), `${stem}.scale`),
  ];
  const attributes = { axis: int(axis) };
  return builder.add("DequantizeLinear", names, { attributes, name: `${stem}.dequantized` });
}

/** A kernel's inputs are several axes: it is stored as a matrix, and gets its shape back in the graph. */
function pushBlocks(builder: GraphBuilder, stem: string, { weight, inputAxis }: Site): string {
  const [first = 1] = weight.shape;
  const shape = inputAxis === undefined ? [first, weight.data.length / first] : weight.shape;
  const axis = inputAxis ?? 1;
  const { integers, scales } = int4Weights(weight.data, { shape, axis });
  const names = [
    builder.constant(integers, `${stem}.int4`),
    builder.constant(scales, `${stem}.scale`),
  ];
  const attributes = { axis: int(axis), block_size: int(int4Block) };
  const back = builder.add("DequantizeLinear", names, { attributes, name: `${stem}.dequantized` });
  if (inputAxis !== undefined) return back;
  const dims = builder.constant(i64(weight.shape), `${stem}.shape`);
  return builder.add("Reshape", [back, dims], { name: `${stem}.reshaped` });
}
