import { int } from "../../graph/builder.ts";
import { dtypes } from "../../graph/dtypes.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, sizeOf } from "../../graph/tensor.ts";
import type { TfliteTensor } from "../model.ts";
import { constantOf } from "./constants.ts";
import { permute } from "./permute.ts";
import type { Site } from "./site.ts";

/**
 * Joins constants along their first axis, so that one product computes all gates; each row keeps its scale.
 *
 * @param order Axes of what is joined in the order that consumers want.
 * @returns The name of the value, real numbers where constants are quantized.
 */
export function joinedRows(
  site: Site,
  inputs: readonly number[],
  order: readonly number[],
): string {
  const tensors = inputs.map((input) => site.tensor(input));
  const constants = tensors.map((tensor) => constantOf(tensor));
  const joined = permute(joinTensors(site, constants), order);
  const name = site.builder.constant(joined, tensors[0]?.name ?? "weights");
  if (tensors.every(({ quantization }) => quantization === undefined)) return name;
  const scale = f32(tensors.flatMap((tensor) => rowScales(site, tensor)));
  const parameters = [site.builder.constant(scale, `${name}.scale`)];
  // A bias has no zero point; weights are symmetric.
  if (joined.dtype === "int8") {
    const data = Int8Array.from(tensors.flatMap((tensor) => rowZeroPoints(tensor)));
    const zeroPoints: Tensor = { dtype: "int8", shape: [data.length], data };
    parameters.push(site.builder.constant(zeroPoints, `${name}.zero_point`));
  }
  return site.add("DequantizeLinear", [name, ...parameters], { axis: int(order.indexOf(0)) });
}

function joinTensors(site: Site, tensors: readonly (Tensor | undefined)[]): Tensor {
  const [first] = tensors;
  const shape = first?.shape ?? [];
  const isAlike = (tensor: Tensor | undefined): tensor is Tensor =>
    tensor?.dtype === first?.dtype && String(tensor?.shape) === String(shape);
  if (first === undefined) throw site.refuse("weights must be constants");
  const { array } = dtypes[first.dtype];
  if (!tensors.every(isAlike) || array === undefined || shape.length === 0) {
    throw site.invalid("weights of all gates must have one type and shape");
  }
  const data = new array(sizeOf(shape) * tensors.length);
  for (const [index, tensor] of tensors.entries())
    data.set(tensor.data as never, index * sizeOf(shape));
  return {
    dtype: first.dtype,
    shape: [(shape[0] ?? 0) * tensors.length, ...shape.slice(1)],
    data,
  } as Tensor;
}

function rowScales(
  site: Site,
  { quantization, shape: [rows = 0] }: TfliteTensor,
): readonly number[] {
  const { scales = [], axis = 0 } = quantization ?? {};
  if (scales.length === 1) return Array<number>(rows).fill(scales[0] ?? 1);
  if (scales.length === rows && axis === 0) return scales;
  throw site.invalid("weights must have one scale, or one a row");
}

function rowZeroPoints({ quantization, shape: [rows = 0] }: TfliteTensor): readonly number[] {
  const zeroPoints = quantization?.zeroPoints ?? [];
  return Array.from({ length: rows }, (_, row) => zeroPoints[row] ?? zeroPoints[0] ?? 0);
}
