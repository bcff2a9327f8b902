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
  symmetricParams,
  uint8Limits,
  weightScales,
} from "./int8-params.ts";
import type { QuantizationOptions } from "./observe.ts";
import { observedName, planOf } from "./observe.ts";
import type { QuantizationPlan } from "./plan.ts";
import type { Ranges } from "./ranges.ts";
import { joinRanges } from "./ranges.ts";
import type { WeightedNode } from "./roles.ts";
import { fixedRanges } from "./roles.ts";

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
 * Makes a float graph round as its int8 graph will, while its weights stay float initialisers of their own name, which
 * training may move: gradients go straight through QuantizeLinear and DequantizeLinear. `integerWeights` then makes
 * the int8 graph of it, with the same scales; both compute the same but for the rounding of biases.
 *
 * @param ranges Of every name that `observe` gave for this graph and these options.
 * @throws `RANGE_MISSING` naming the value, `RANGE_INVALID`.
 * @see Jacob et al. 2018, arXiv:1712.05877, section 3
 */
export function fakeQuantize(
  graph: Graph,
  ranges: Ranges,
  options: QuantizationOptions = {},
): Graph {
  const { graph: small, plan } = planOf(graph, options);
  const builder = graphBuilder({ ...small, nodes: [] });
  const params = groupParams(small, { plan, ranges, builder, options });
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

function groupParams(
  graph: Graph,
  parts: {
    readonly plan: QuantizationPlan;
    readonly ranges: Ranges;
    readonly builder: GraphBuilder;
    readonly options: QuantizationOptions;
  },
): ReadonlyMap<string, GroupParams> {
  const { plan, ranges, builder, options } = parts;
  const dtype = options.activations ?? "uint8";
  const limits = dtype === "uint8" ? uint8Limits : int8Limits;
  const paramsOf = options.symmetric === true ? symmetricParams : activationParams;
  const makers = new Map(
    graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node.op] as const)),
  );
  const rangeOf = (value: string): Range => {
    const name = observedName(graph, value);
    const fixed = fixedRanges[makers.get(value) ?? ""];
    const range = Object.hasOwn(ranges, name) ? ranges[name] : undefined;
    if (range !== undefined) return fixed ?? range;
    throw new EdgeloopError("RANGE_MISSING", `calibrate "${name}" before quantizing`, {
      details: { name, known: Object.keys(ranges) },
    });
  };
  return new Map(
    [...plan.sources].map(([group, values]) => {
      const { scale, zeroPoint } = paramsOf(joinRanges(values.map(rangeOf)), limits);
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
  const group = pass.plan.groups.get(original.inputs[0] ?? "");
  const inputScale = pass.params.get(group ?? "")?.scale ?? 1;
  const [from = "", weight = "", ...bias] = node.inputs;
  const rounded = pushWeights(pass.builder, weight, { site, inputScale });
  pass.builder.push({ ...node, inputs: [from, rounded, ...bias] });
}

/** Adds the pair that rounds weights; returns the name to read. */
function pushWeights(
  builder: GraphBuilder,
  stem: string,
  { site, inputScale }: { readonly site: WeightedNode; readonly inputScale: number },
): string {
  const { weight, bias, axis, channels } = site;
  const scales = weightScales(weight.data, channels, inputScale, bias?.data);
  const zeros = new Int8Array(channels.channels);
  const names = [
    builder.constant(f32(scales), `${stem}.scale`),
    // Always 0, but onnxruntime takes its int8 kernel for Gemm only when it is written down.
    builder.constant({ dtype: "int8", shape: [zeros.length], data: zeros }, `${stem}.zero_point`),
  ];
  const attributes = { axis: int(axis) };
  const integers = builder.add("QuantizeLinear", [stem, ...names], {
    attributes,
    name: `${stem}.quantized`,
  });
  return builder.add("DequantizeLinear", [integers, ...names], {
    attributes,
    name: `${stem}.dequantized`,
  });
}
