import { floatOf, intOf, textOf } from "../graph/attributes.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { TensorOf } from "../graph/tensor.ts";
import type { Channels, Range } from "./int8-params.ts";

/** A node that multiplies by weights, in the form that runtimes have int8 kernels for. */
export type WeightedNode = {
  readonly weight: TensorOf<"float32">;
  readonly bias?: TensorOf<"float32">;
  /** Axis of the weights that is the output channel. */
  readonly axis: number;
  readonly channels: Channels;
};

/** What a node is to quantization. */
export type Role =
  | { readonly kind: "weighted"; readonly site: WeightedNode }
  /** Computes on integers with ranges of its own: sums and averages. */
  | { readonly kind: "computed" }
  /** Gives out values that came in, so that in and out share a range. */
  | { readonly kind: "moving" }
  /** Cuts values off; its output's range makes the cut free after a weighted or computed node. */
  | { readonly kind: "rectifier" }
  | { readonly kind: "float" };

const float: Role = { kind: "float" };
const moving: Role = { kind: "moving" };
const computed: Role = { kind: "computed" };
const rectifier: Role = { kind: "rectifier" };

/** Operators that multiply by weights. */
export const weightedOperators: ReadonlySet<string> = new Set([
  "Conv",
  "ConvTranspose",
  "Gemm",
  "MatMul",
]);

/** Operators that give out values that came in. */
export const movingOperators: ReadonlySet<string> = new Set([
  ...["MaxPool", "Reshape", "Flatten", "Transpose", "Concat", "Squeeze", "Unsqueeze", "Slice"],
  ...["Gather", "GatherElements", "GatherND", "Identity", "Split", "Expand", "Tile"],
  ...["DepthToSpace", "SpaceToDepth", "Pad", "Resize"],
]);

/** Those that onnxruntime has integer kernels for. */
const computedOperators: ReadonlySet<string> = new Set([
  ...["Add", "Mul", "AveragePool", "GlobalAveragePool", "LeakyRelu", "Sigmoid", "Softmax"],
]);

/** Those that other engines have integer kernels for: `.tflite` and microcontrollers. */
const wholeOperators: ReadonlySet<string> = new Set([
  ...["Sub", "Tanh", "HardSwish", "HardSigmoid", "ReduceMean", "PRelu", "Elu"],
]);

/** Ranges that an operator's results have whatever comes in; the scale of .tflite for the same operators. */
export const fixedRanges: Readonly<Record<string, Range>> = {
  Sigmoid: { min: 0, max: 255 / 256 },
  HardSigmoid: { min: 0, max: 255 / 256 },
  Softmax: { min: 0, max: 255 / 256 },
  Tanh: { min: -1, max: 127 / 128 },
};

/** Inputs that carry data: not target shapes, indices or bounds. */
export function dataInputs({ op, inputs }: Node, kind: Role["kind"]): readonly string[] {
  const all = ["Concat", "Add", "Sub", "Mul", "MatMul"].includes(op);
  return all && kind !== "weighted" ? inputs : inputs.slice(0, 1);
}

/** What nodes are taken for beside what onnxruntime has integer kernels for. */
export type RoleOptions = { readonly whole?: boolean };

/** Tells what a node is to quantization, by structure alone: the values of weights do not matter. */
export function roleOf(node: Node, graph: Graph, { whole = false }: RoleOptions = {}): Role {
  if (node.domain !== undefined) return float;
  if (node.outputs.length !== 1 && node.op !== "Split") return float;
  if (movingOperators.has(node.op)) return movesOnly(node, graph) ? moving : float;
  if (computedOperators.has(node.op) || (whole && wholeOperators.has(node.op))) return computed;
  if (weightedOperators.has(node.op)) return weightedRole(node, graph);
  if (node.op === "Relu") return rectifier;
  return node.op === "Clip" && hasConstantLimits(node, graph) ? rectifier : float;
}

function weightedRole(node: Node, graph: Graph): Role {
  const site = weightedNode(node, graph);
  if (site !== undefined) return { kind: "weighted", site };
  const hasConstant = node.inputs.some((name) => graph.initializers.has(name));
  return node.op === "MatMul" && !hasConstant ? computed : float;
}

const hasConstantLimits = ({ inputs }: Node, graph: Graph): boolean =>
  inputs.slice(1).every((name) => name === "" || graph.initializers.has(name));

/** Whether nothing comes out that did not come in, or lie between two that did; 0 is in every range. */
function movesOnly(node: Node, graph: Graph): boolean {
  if (node.op === "Resize") {
    const isInside = textOf(node, "mode", "nearest") !== "cubic";
    const frame = textOf(node, "coordinate_transformation_mode", "half_pixel");
    return isInside && frame !== "tf_crop_and_resize";
  }
  if (node.op !== "Pad" || textOf(node, "mode", "constant") !== "constant") return true;
  const [, , fill = ""] = node.inputs;
  return fill === "" || Number(graph.initializers.get(fill)?.data[0] ?? 1) === 0;
}

function weightedNode(node: Node, graph: Graph): WeightedNode | undefined {
  const weight = graph.initializers.get(node.inputs[1] ?? "");
  const bias = graph.initializers.get(node.inputs[2] ?? "");
  const hasBias = (node.inputs[2] ?? "") !== "";
  if (weight?.dtype !== "float32" || graph.initializers.has(node.inputs[0] ?? "")) return undefined;
  const axis = channelAxis(node, weight.shape);
  if (axis === undefined) return undefined;
  const channels = weight.shape[axis] ?? 1;
  if (hasBias && (bias?.dtype !== "float32" || String(bias.shape) !== String(channels))) {
    return undefined;
  }
  const stride = weight.shape.slice(axis + 1).reduce((n, dim) => n * dim, 1);
  return {
    weight,
    axis,
    channels: { channels, stride },
    ...(bias?.dtype === "float32" ? { bias } : {}),
  };
}

function channelAxis(node: Node, shape: readonly number[]): number | undefined {
  if (node.op === "Conv") return 0;
  if (node.op === "ConvTranspose") return intOf(node, "group", 1) === 1 ? 1 : undefined;
  if (shape.length !== 2) return undefined;
  if (node.op === "MatMul") return 1;
  const isPlain =
    floatOf(node, "alpha", 1) === 1 &&
    floatOf(node, "beta", 1) === 1 &&
    intOf(node, "transA", 0) === 0;
  if (!isPlain) return undefined;
  return intOf(node, "transB", 0) === 1 ? 0 : 1;
}
