import { bytesOf } from "../../platform/bytes.ts";
import type { TfliteOperator, TfliteSubgraph } from "../model.ts";
import { constantOf } from "./constants.ts";

/**
 * Makes weights that are stored as float16 and widened by a DEQUANTIZE each into float32 constants, so that they are
 * weights like others: laid out when they are imported, and trained.
 */
export function widenHalves(subgraph: TfliteSubgraph): TfliteSubgraph {
  const tensors = [...subgraph.tensors];
  const operators = subgraph.operators.filter((operator) => {
    const [to = -1] = operator.outputs;
    const bits = halvesOf(subgraph, operator);
    const result = tensors[to];
    if (bits === undefined || result?.type !== "float32" || result.data) return true;
    tensors[to] = { ...result, data: bytesOf(Float32Array.from(bits, floatOfHalf)) };
    return false;
  });
  return { ...subgraph, tensors, operators };
}

/** The bits of a constant of float16 that an operator widens; undefined for any other operator. */
function halvesOf(
  { tensors }: TfliteSubgraph,
  { op, inputs: [from = -1] }: TfliteOperator,
): Uint16Array | undefined {
  const source = tensors[from];
  if (op !== "DEQUANTIZE" || source?.type !== "float16") return undefined;
  const constant = constantOf(source);
  return constant?.dtype === "float16" ? constant.data : undefined;
}

/** IEEE 754 binary16. */
function floatOfHalf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}
