import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, scalar } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Int8Params, Range } from "./int8-params.ts";
import {
  activationParams,
  int8Limits,
  quantizeBias,
  quantizeWeights,
  uint8Limits,
  weightScales,
} from "./int8-params.ts";
import type { QuantizationOptions } from "./observe.ts";
import { observedName, planOf } from "./observe.ts";
import type { QuantizationPlan, WeightedNode } from "./plan.ts";
import type { Ranges } from "./ranges.ts";
import { joinRanges } from "./ranges.ts";

/** Scale and zero point of a group, and the initialisers that hold them. */
type GroupParams = Int8Params & { readonly names: readonly [scale: string, zeroPoint: string] };

type Pass = {
  readonly builder: GraphBuilder;
  readonly plan: QuantizationPlan;
  readonly params: ReadonlyMap<string, GroupParams>;
  /** What consumers read instead of a graph input that became integers. */
  readonly replaced: ReadonlyMap<string, string>;
};

/**
 * Turns a float graph into one that runtimes execute on 8-bit integers: pairs of QuantizeLinear and DequantizeLinear
 * around convolutions and products, symmetric int8 weights per output channel, asymmetric uint8 activations with an
 * exact zero, 32-bit biases. BatchNormalization is folded first; ranges are shared across Relu, pooling, reshaping and joining;
 * what has no int8 kernel, Softmax for one, stays in float.
 *
 * The structure depends on the float graph alone: other ranges or weights change initialisers, never nodes or names.
 *
 * @param ranges Of every name that `observe` gave for this graph and these options.
 * @throws `RANGE_MISSING` naming the value, `RANGE_INVALID`.
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */
export function quantize(graph: Graph, ranges: Ranges, options: QuantizationOptions = {}): Graph {
  const { graph: small, plan } = planOf(graph, options);
  const base: Graph = { ...small, nodes: [], initializers: keptInitializers(small, plan) };
  const builder = graphBuilder(base);
  const params = groupParams(small, {
    plan,
    ranges,
    builder,
    dtype: options.activations ?? "uint8",
  });
  const inputs = small.inputs.filter(({ name }) => plan.groups.has(name));
  const replaced = new Map(inputs.map(({ name }) => [name, `${name}.dequantized`]));
  const pass: Pass = { builder, plan, params, replaced };
  for (const { name } of inputs) pushPair(pass, name, { from: name, to: `${name}.dequantized` });
  for (const node of small.nodes) {
    const moved = withReplacedInputs(node, pass);
    const quantizedOutputs = node.outputs.filter((name) => plan.groups.has(name));
    pushNode(pass, node, { ...moved, outputs: moved.outputs.map((name) => floatName(plan, name)) });
    for (const name of quantizedOutputs)
      pushPair(pass, name, { from: floatName(plan, name), to: name });
  }
  return builder.build();
}

const floatName = (plan: QuantizationPlan, name: string): string =>
  plan.groups.has(name) ? `${name}.float` : name;

/** Weights and biases that become integers go; they stay where something else reads them too. */
function keptInitializers(graph: Graph, plan: QuantizationPlan): Graph["initializers"] {
  const read = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    const inputs = plan.weighted.has(node) ? node.inputs.slice(0, 1) : node.inputs;
    for (const name of inputs) read.add(name);
    for (const attribute of Object.values(node.attributes)) {
      // Bodies of control flow may read any weight around them.
      if (attribute.kind === "graph") return graph.initializers;
    }
  }
  return new Map([...graph.initializers].filter(([name]) => read.has(name)));
}

function groupParams(
  graph: Graph,
  parts: {
    readonly plan: QuantizationPlan;
    readonly ranges: Ranges;
    readonly builder: GraphBuilder;
    readonly dtype: "uint8" | "int8";
  },
): ReadonlyMap<string, GroupParams> {
  const { plan, ranges, builder, dtype } = parts;
  const limits = dtype === "uint8" ? uint8Limits : int8Limits;
  const rangeOf = (value: string): Range => {
    const name = observedName(graph, value);
    const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
    if (range !== undefined) return range;
    throw new EdgeloopError("RANGE_MISSING", `calibrate "${name}" before quantizing`, {
      details: { name, known: Object.keys(ranges) },
    });
  };
  return new Map(
    [...plan.sources].map(([group, values]) => {
      const { scale, zeroPoint } = activationParams(joinRanges(values.map(rangeOf)), limits);
      const names = [
        builder.initializer(`${group}.scale`, scalar(scale)),
        builder.initializer(`${group}.zero_point`, integerScalar(dtype, zeroPoint)),
      ] as const;
      return [group, { scale, zeroPoint, names }];
    }),
  );
}

const integerScalar = (dtype: "uint8" | "int8", value: number): Tensor =>
  dtype === "uint8"
    ? { dtype, shape: [], data: Uint8Array.of(value) }
    : { dtype, shape: [], data: Int8Array.of(value) };

const withReplacedInputs = (node: Node, { replaced }: Pass): Node => ({
  ...node,
  inputs: node.inputs.map((name) => replaced.get(name) ?? name),
});

/** Adds the pair that rounds a value to integers and gives it back. */
function pushPair(
  { builder, plan, params }: Pass,
  value: string,
  { from, to }: { readonly from: string; readonly to: string },
): void {
  const names = params.get(plan.groups.get(value) ?? "")?.names ?? [];
  const integers = builder.add("QuantizeLinear", [from, ...names], {
    outputs: [`${value}.quantized`],
  });
  builder.add("DequantizeLinear", [integers, ...names], { outputs: [to] });
}

function pushNode(pass: Pass, original: Node, node: Node): void {
  const site = pass.plan.weighted.get(original);
  if (site === undefined) {
    pass.builder.push(node);
    return;
  }
  const inputScale = pass.params.get(pass.plan.groups.get(original.inputs[0] ?? "") ?? "")?.scale;
  const weights = pushWeights(pass.builder, original, { site, inputScale: inputScale ?? 1 });
  pass.builder.push({ ...node, inputs: [node.inputs[0] ?? "", ...weights] });
}

/** Adds integer weights and bias with their DequantizeLinear nodes; returns the names to read. */
function pushWeights(
  builder: GraphBuilder,
  node: Node,
  { site, inputScale }: { readonly site: WeightedNode; readonly inputScale: number },
): readonly string[] {
  const { weight, bias, axis, channels } = site;
  const scales = weightScales(weight.data, channels, inputScale, bias?.data);
  const data = quantizeWeights(weight.data, channels, scales);
  const stem = node.inputs[1] ?? "";
  const zeros = new Int8Array(channels.channels);
  const names = [
    builder.constant({ dtype: "int8", shape: weight.shape, data }, `${stem}.int8`),
    builder.constant(f32(scales), `${stem}.scale`),
    // Always 0, but onnxruntime takes its int8 kernel for Gemm only when it is written down.
    builder.constant({ dtype: "int8", shape: [zeros.length], data: zeros }, `${stem}.zero_point`),
  ];
  const options = { attributes: { axis: int(axis) }, name: `${stem}.dequantized` };
  const weights = [builder.add("DequantizeLinear", names, options)];
  if (bias !== undefined) {
    const units = quantizeBias(bias.data, scales, inputScale);
    const stemOfBias = node.inputs[2] ?? "";
    const integers = { dtype: "int32", shape: bias.shape, data: units.integers } as const;
    // No zero point: some WebGPU kernels fail on an int32 DequantizeLinear that has one.
    const biasNames = [
      builder.constant(integers, `${stemOfBias}.int32`),
      builder.constant(f32(units.scales), `${stemOfBias}.scale`),
    ];
    const biasOptions = { attributes: { axis: int(0) }, name: `${stemOfBias}.dequantized` };
    weights.push(builder.add("DequantizeLinear", biasNames, biasOptions));
  }
  return weights;
}
