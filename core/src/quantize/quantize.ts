import type { Graph } from "../graph/graph.ts";
import { fakeQuantize } from "./fake-quantize.ts";
import { integerWeights } from "./integer-weights.ts";
import type { QuantizationOptions } from "./observe.ts";
import type { Ranges } from "./ranges.ts";

/**
 * Turns a float graph into one that runtimes execute on 8-bit integers: pairs of QuantizeLinear and DequantizeLinear
 * around convolutions and products, symmetric int8 weights per output channel, asymmetric uint8 activations with an
 * exact zero, 32-bit biases. BatchNormalization is folded first; ranges are shared across Relu, pooling, reshaping and joining;
 * what has no int8 kernel stays in float, and so do a last product and probabilities that leave the graph.
 *
 * The structure depends on the float graph alone: other ranges or weights change initialisers, never nodes or names.
 *
 * @param ranges Of every name that `observe` gave for this graph and these options.
 * @throws `RANGE_MISSING` naming the value, `RANGE_INVALID`.
 * @see https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */
export const quantize = (graph: Graph, ranges: Ranges, options: QuantizationOptions = {}): Graph =>
  integerWeights(fakeQuantize(graph, ranges, options));
