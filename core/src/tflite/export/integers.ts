import { intOf } from "../../graph/attributes.ts";
import type { Graph, Node } from "../../graph/graph.ts";
import { inferValues } from "../../graph/infer.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, sizeOf } from "../../graph/tensor.ts";
import type { TfliteQuantization } from "../model.ts";

/** Integers of .tflite: int8, where the graph may have uint8. */
export type Integers = {
  readonly data: Int8Array | Int32Array;
  readonly quantization: TfliteQuantization;
};

type Scales = {
  readonly node: Node;
  readonly scale: Tensor;
  readonly zeroPoint: Tensor | undefined;
};

/** Scale and zero point of a QuantizeLinear or DequantizeLinear, where both are constants. */
function scalesOf(node: Node, graph: Graph): Scales | undefined {
  const scale = graph.initializers.get(node.inputs[1] ?? "");
  const zeroName = node.inputs[2] ?? "";
  const zeroPoint = graph.initializers.get(zeroName);
  if (scale === undefined || (zeroName !== "" && zeroPoint === undefined)) return undefined;
  return { node, scale, zeroPoint };
}

const isPerTensor = ({ scale }: Scales): boolean => sizeOf(scale.shape) === 1;

/**
 * The scale and the int8 zero point of an activation's QuantizeLinear or DequantizeLinear; undefined where they are not
 * constants, not one for the tensor, or not of 8 bits. A uint8 zero point z is z − 128: the same numbers, as int8.
 */
export function activationQuantization(node: Node, graph: Graph): TfliteQuantization | undefined {
  const scales = scalesOf(node, graph);
  if (scales === undefined || !isPerTensor(scales)) return undefined;
  const { zeroPoint, scale } = scales;
  const dtype = zeroPoint?.dtype ?? dtypeWithoutZero(node, graph);
  if (dtype !== "uint8" && dtype !== "int8") return undefined;
  const zero = Number(zeroPoint?.data[0] ?? 0) - (dtype === "uint8" ? 128 : 0);
  return { scales: [Number(scale.data[0])], zeroPoints: [zero], axis: 0 };
}

/** ONNX's numbers of the types of 8 bits. */
const byteTypes: ReadonlyMap<number, "uint8" | "int8"> = new Map([
  [2, "uint8"],
  [3, "int8"],
]);

/** QuantizeLinear without a zero point makes uint8 around 0 unless it is told; what is read back says what it is. */
function dtypeWithoutZero(node: Node, graph: Graph): string | undefined {
  if (node.op === "QuantizeLinear") {
    const told = intOf(node, "output_dtype", 0);
    return told === 0 ? "uint8" : byteTypes.get(told);
  }
  return inferValues(graph).get(node.inputs[0] ?? "")?.dtype;
}

/** Whether two scales mean the same numbers; QDQ graphs repeat them, perhaps rounded once more. */
export function sameQuantization(
  a: TfliteQuantization | undefined,
  b: TfliteQuantization | undefined,
): boolean {
  if (a === undefined || b === undefined) return a === b;
  const [x = 0, y = 0] = [a.scales[0], b.scales[0]];
  return Math.abs(x - y) <= 1e-6 * Math.abs(x) && a.zeroPoints[0] === b.zeroPoints[0];
}

/** Index of the scale of each element; undefined for blocks that do not tile the tensor. */
function scaleIndex(node: Node, shape: readonly number[], scale: Tensor): (at: number) => number {
  if (sizeOf(scale.shape) === 1) return () => 0;
  const given = intOf(node, "axis", 1);
  const axis = given < 0 ? given + shape.length : given;
  const block = intOf(node, "block_size", 0);
  const [dim, stride] = [shape[axis] ?? 1, sizeOf(shape.slice(axis + 1))];
  if (block === 0) return (at) => Math.floor(at / stride) % dim;
  const blocks = Math.ceil(dim / block);
  return (at) => {
    const along = Math.floor((Math.floor(at / stride) % dim) / block);
    return (Math.floor(at / (stride * dim)) * blocks + along) * stride + (at % stride);
  };
}

/** Reads an element; two of 4 bits share a byte, the first in its low half. */
function elementOf(tensor: Tensor | undefined, at: number): number {
  if (tensor === undefined) return 0;
  if (tensor.dtype !== "int4" && tensor.dtype !== "uint4") return Number(tensor.data[at]);
  const nibble = ((tensor.data[at >> 1] ?? 0) >> (4 * (at & 1))) & 15;
  return tensor.dtype === "int4" && nibble > 7 ? nibble - 16 : nibble;
}

/** The numbers that a DequantizeLinear of a constant gives; undefined where its scales are none. */
export function dequantizedConstant(node: Node, graph: Graph): Tensor | undefined {
  const from = graph.initializers.get(node.inputs[0] ?? "");
  const scales = scalesOf(node, graph);
  if (from === undefined || scales === undefined) return undefined;
  const { scale, zeroPoint } = scales;
  const indexOf = scaleIndex(node, from.shape, scale);
  const data = Float32Array.from({ length: sizeOf(from.shape) }, (_, at) => {
    const index = indexOf(at);
    return (elementOf(from, at) - elementOf(zeroPoint, index)) * Number(scale.data[index]);
  });
  return f32(data, from.shape);
}

/**
 * The integers of a constant weight or bias behind its DequantizeLinear, where .tflite has kernels for them: symmetric,
 * 8 or 32 bits, one scale for the tensor or one an index of `axis`.
 */
export function weightIntegers(node: Node, graph: Graph): Integers | undefined {
  const from = graph.initializers.get(node.inputs[0] ?? "");
  const scales = scalesOf(node, graph);
  if (from === undefined || scales === undefined || intOf(node, "block_size", 0) !== 0)
    return undefined;
  const middle = { int8: 0, uint8: 128, int32: 0 }[from.dtype as string];
  const { scale, zeroPoint } = scales;
  const zeros = Array.from({ length: sizeOf(scale.shape) }, (_, at) =>
    zeroPoint === undefined ? 0 : Number(zeroPoint.data[zeroPoint.data.length === 1 ? 0 : at]),
  );
  if (middle === undefined || zeros.some((zero) => zero !== middle)) return undefined;
  const given = intOf(node, "axis", 1);
  const data =
    from.dtype === "int32"
      ? from.data
      : Int8Array.from(from.data as Int8Array | Uint8Array, (value) => value - middle);
  return {
    data,
    quantization: {
      scales: Array.from(scale.data as Float32Array),
      zeroPoints: zeros.map(() => 0),
      axis: zeros.length === 1 ? 0 : (given + from.shape.length) % from.shape.length,
    },
  };
}
