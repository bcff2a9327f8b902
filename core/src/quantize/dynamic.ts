import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import { dropUnused } from "../graph/simplify.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { quantizeWeights, weightScales } from "./int8-params.ts";
import type { QuantizationOptions } from "./observe.ts";
import { planOf } from "./observe.ts";
import type { WeightedNode } from "./roles.ts";

/** ONNX's number of float32. */
const float32Code = 1;

/**
 * Makes convolutions and products compute on integers whose scale is found at each run, from the values that come in:
 * no calibration, and float between layers. A scale is for the whole tensor, so a batch's examples share it.
 *
 * The structure depends on the float graph alone.
 *
 * @throws What `inferValues` throws.
 * @see https://onnx.ai/onnx/operators/onnx__DynamicQuantizeLinear.html
 */
export function quantizeDynamic(
  graph: Graph,
  options: Pick<QuantizationOptions, "after" | "exclude"> = {},
): Graph {
  const { graph: small, plan } = planOf(graph, options);
  const builder = graphBuilder({ ...small, nodes: [] });
  const rounded = new Map<string, readonly string[]>();
  for (const node of small.nodes) {
    const site = plan.weighted.get(node);
    const [input = ""] = node.inputs;
    if (site === undefined || node.op === "ConvTranspose") {
      builder.push(node);
      continue;
    }
    const parts = rounded.get(input) ?? pushRounding(builder, input);
    rounded.set(input, parts);
    pushProduct(builder, node, { site, parts });
  }
  return dropUnused(builder.build());
}

/** Integers, scale and zero point of a value. */
const pushRounding = (builder: GraphBuilder, value: string): readonly string[] =>
  builder.addMany("DynamicQuantizeLinear", [value], 3, { name: `${value}.rounded` });

function pushProduct(
  builder: GraphBuilder,
  node: Node,
  { site, parts }: { readonly site: WeightedNode; readonly parts: readonly string[] },
): void {
  const [integers = "", scale = "", zeroPoint = ""] = parts;
  const stem = node.inputs[1] ?? "";
  const isConv = node.op === "Conv";
  const scales = weightScales(site.weight.data, site.channels, 1);
  const data = quantizeWeights(site.weight.data, site.channels, scales);
  const weights = { dtype: "int8", shape: site.weight.shape, data } as const;
  // A product's channels are its last axis; a convolution's the second, before as many as its kernel has.
  const column = [scales.length, ...site.weight.shape.slice(2).map(() => 1)];
  const sum = builder.add(
    isConv ? "ConvInteger" : "MatMulInteger",
    [
      integers,
      builder.constant(!isConv && site.axis === 0 ? transposed(weights) : weights, `${stem}.int8`),
      zeroPoint,
    ],
    { name: `${stem}.sum`, ...(isConv ? { attributes: node.attributes } : {}) },
  );
  const real = builder.add("Cast", [sum], {
    attributes: { to: int(float32Code) },
    name: `${stem}.real`,
  });
  const units = builder.add(
    "Mul",
    [scale, builder.constant(f32(scales, column), `${stem}.scale`)],
    {
      name: `${stem}.unit`,
    },
  );
  const { bias } = site;
  const outputs = bias === undefined ? { outputs: node.outputs } : { name: `${stem}.product` };
  const product = builder.add("Mul", [real, units], outputs);
  if (bias === undefined) return;
  const offset = builder.constant(f32(bias.data, column), `${node.inputs[2]}.column`);
  builder.add("Add", [product, offset], { outputs: node.outputs });
}

function transposed({ shape, data }: { shape: readonly number[]; data: Int8Array }): Tensor {
  const [rows = 1, columns = 1] = shape;
  const turned = Int8Array.from(
    data,
    (_, i) => data[(i % rows) * columns + Math.floor(i / rows)] ?? 0,
  );
  return { dtype: "int8", shape: [columns, rows], data: turned };
}
