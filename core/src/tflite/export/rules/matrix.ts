import { floatOf, intOf } from "../../../graph/attributes.ts";
import type { Node } from "../../../graph/graph.ts";
import { sizeOf } from "../../../graph/tensor.ts";
import type { Layout } from "../layout.ts";
import { permuted } from "../layout.ts";
import { reshaped, reshapeInto } from "../moves.ts";
import { refusal } from "../refusal.ts";
import type { Rules, Site } from "../site.ts";
import type { Values } from "../values.ts";
import type { Weights } from "./weights.ts";
import { addBias, addWeights, hasInt8Weights, weightsOf } from "./weights.ts";

/** A product with constant weights `[in, out]`, or `[out, in]` where they are transposed. */
function writeProduct(site: Site, weights: Weights, isTransposed: boolean): void {
  const [first = 1, second = 1] = weights.shape;
  const [outputs, inputs] = isTransposed ? [first, second] : [second, first];
  const layout = productLayout(site);
  const own = isTransposed
    ? weights
    : { ...weights, shape: [outputs, inputs], data: permuted(weights.data, weights.shape, [1, 0]) };
  const ordered = typeof layout === "number" ? positionFirst(own, layout) : own;
  const rows = sizeOf(site.shape(0)) / inputs;
  const source = reshaped(site.program, site.input(0, layout), [rows, inputs]);
  const output = site.output("first");
  const isOne = (ordered.scales?.length ?? 1) === 1;
  if (isOne) writeDense(site, { source, output, weights: ordered, rows });
  else writePointwise(site, { source, output, weights: ordered, rows });
}

/** A flattened value is taken as it lies; the weights are reordered instead. */
function productLayout(site: Site): Layout {
  const native = site.native(0);
  return typeof native === "number" && site.shape(0).length === 2 ? native : "first";
}

/** Reorders the inputs of weights `[out, channels·positions]` position by position. */
function positionFirst(weights: Weights, channels: number): Weights {
  const [outputs = 1, inputs = 1] = weights.shape;
  const split = [outputs, channels, inputs / channels];
  return { ...weights, data: permuted(weights.data, split, [0, 2, 1]) };
}

type Product = {
  readonly source: number;
  readonly output: number;
  readonly weights: Weights;
  readonly rows: number;
};

function writeDense(site: Site, { source, output, weights, rows }: Product): void {
  const [outputs = 1] = weights.shape;
  const form = { axes: [0, 1], shape: weights.shape, channelAxis: 0 };
  const inputs = [source, addWeights(site, weights, form), addBias(site, weights, outputs)];
  const options = { fused_activation_function: site.activation };
  const made = ownShape(site, output, [rows, outputs]);
  site.emit("FULLY_CONNECTED", inputs, [made], { options });
  if (made !== output) reshapeInto(site.program, made, output);
}

/**
 * A product with a scale an output as a convolution of one pixel: FULLY_CONNECTED has such scales only in versions that
 * TensorFlow Lite Micro and older runtimes lack.
 */
function writePointwise(site: Site, { source, output, weights, rows }: Product): void {
  const [outputs = 1, inputs = 1] = weights.shape;
  const shape = [outputs, 1, 1, inputs];
  const form = { axes: [0, 1], shape, channelAxis: 0 };
  const pixels = reshaped(site.program, source, [rows, 1, 1, inputs]);
  const made = site.between([rows, 1, 1, outputs], output);
  const options = {
    padding: "VALID",
    stride_h: 1,
    stride_w: 1,
    fused_activation_function: site.activation,
  };
  const all = [pixels, addWeights(site, weights, form), addBias(site, weights, outputs)];
  site.emit("CONV_2D", all, [made], { options });
  reshapeInto(site.program, made, output);
}

const ownShape = (site: Site, output: number, shape: readonly number[]): number =>
  site.program.of(output).shape.join() === shape.join() ? output : site.between(shape, output);

function writeGemm(site: Site): void {
  const { node } = site;
  if (intOf(node, "transA", 0) !== 0) throw refusal(node, "transA has no operator");
  const [alpha, beta] = [floatOf(node, "alpha", 1), floatOf(node, "beta", 1)];
  const isTransposed = intOf(node, "transB", 0) === 1;
  const weights = weightsOf(site);
  const [a = 1, b = 1] = weights.shape;
  const outputs = isTransposed ? a : b;
  const bias = weights.bias && spread(weights.bias, outputs, site);
  const scaled: Weights = {
    ...weights,
    ...(alpha === 1 ? {} : { data: weights.data.map((value) => value * alpha) }),
    ...(bias === undefined ? {} : { bias: beta === 1 ? bias : bias.map((value) => value * beta) }),
  };
  writeProduct(site, scaled, isTransposed);
}

/** A bias for each output, where the graph may give one for all. */
function spread(bias: Float32Array, outputs: number, { node }: Site): Float32Array {
  if (bias.length === outputs) return bias;
  if (bias.length === 1) return new Float32Array(outputs).fill(bias[0] ?? 0);
  throw refusal(node, "a bias must be one for each output");
}

const isPlainGemm = (node: Node, values: Values): boolean => {
  const isTransposed = intOf(node, "transB", 0) === 1;
  const isPlain = floatOf(node, "alpha", 1) === 1 && floatOf(node, "beta", 1) === 1;
  return isPlain && hasInt8Weights(node, values, isTransposed ? 0 : 1);
};

function writeMatMul(site: Site): void {
  const { node, values } = site;
  const isConstant = values.constant(node.inputs[1] ?? "") !== undefined;
  if (isConstant && site.shape(1).length === 2 && site.shape(0).length > 1) {
    writeProduct(site, weightsOf(site), false);
    return;
  }
  const ranks = [site.shape(0).length, site.shape(1).length];
  if (ranks.some((rank) => rank < 2)) throw refusal(node, "a product of a vector has no operator");
  const inputs = [site.input(0, "first"), site.input(1, "first")];
  site.emit("BATCH_MATMUL", inputs, [site.output("first")]);
}

/** A product of two matrices that are both computed stays in float: its int8 kernels differ between runtimes. */
const isInt8MatMul = (node: Node, values: Values): boolean => hasInt8Weights(node, values, 1);

/** How products of matrices are written. */
export const matrixRules: Rules = {
  Gemm: { write: writeGemm, fuses: true, int8: isPlainGemm },
  MatMul: { write: writeMatMul, int8: isInt8MatMul },
};
