import type { GraphBuilder } from "../../graph/builder.ts";
import { int, ints } from "../../graph/builder.ts";
import type { Dim } from "../../graph/graph.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32, scalar, sizeOf } from "../../graph/tensor.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import type { TfliteSubgraph, TfliteTensor } from "../model.ts";
import { constantOf, integersOf } from "./constants.ts";
import { permute, toFirst, toLast } from "./permute.ts";

/** Order of axes of a value: channels last, as in the file, or first, as ONNX convolves. Only rank 4 has `first`. */
export type Layout = "last" | "first";

/** What an import has built so far. */
export type Importing = {
  readonly builder: GraphBuilder;
  readonly subgraph: TfliteSubgraph;
  /** Names of values by tensor and form: `3:raw:last`. */
  readonly names: Map<string, string>;
};

const integerTypes = ["int8", "uint8", "int16"] as const;

/** Tells whether a tensor stands for real numbers by integers. An int32 does as a bias alone. */
export const isQuantized = ({ quantization, type }: TfliteTensor): boolean =>
  quantization !== undefined && (type === "int4" || integerTypes.some((known) => known === type));

/** A tensor's name, made up where the file gives none. */
export const nameOf = (tensor: TfliteTensor, place: number): string =>
  tensor.name === "" ? `tensor_${place}` : tensor.name;

/** The tensor at a place. @throws `TFLITE_INVALID` for a place that is not there. */
export function tensorAt({ tensors }: TfliteSubgraph, place: number): TfliteTensor {
  const tensor = tensors[place];
  if (tensor) return tensor;
  throw new EdgeloopError("TFLITE_INVALID", "there is no such tensor", {
    details: { tensor: place },
  });
}

/** Dimensions of a tensor; an open one gets a name: `N` for the first, which counts examples. */
export function dimsOf(tensor: TfliteTensor): readonly Dim[] {
  const { shape, shapeSignature = shape } = tensor;
  return shapeSignature.map((dim, axis) => {
    if (dim >= 0) return shape[axis] ?? dim;
    return axis === 0 ? "N" : `${tensor.name}_${axis}`;
  });
}

const otherOf = (layout: Layout): Layout => (layout === "first" ? "last" : "first");

/** Tells whether a computed tensor is there in a layout without being moved. */
export const isAt = ({ names }: Importing, place: number, layout: Layout): boolean =>
  names.has(`${place}:raw:${layout}`);

/** The value of a tensor as it lies in memory; undefined before it is computed. */
export function rawOf(importing: Importing, place: number, layout: Layout): string | undefined {
  const { names } = importing;
  const key = `${place}:raw:${layout}`;
  const found = names.get(key);
  if (found !== undefined) return found;
  const constant = constantIn(importing, place, layout);
  const other = names.get(`${place}:raw:${otherOf(layout)}`);
  const name = constant?.name ?? (other && transposed(importing, other, layout));
  if (name !== undefined) names.set(key, name);
  return name;
}

/** The value of a tensor as consumers compute with it, real where it is quantized; undefined before it is computed. */
export function realOf(importing: Importing, place: number, layout: Layout): string | undefined {
  const tensor = tensorAt(importing.subgraph, place);
  if (!isQuantized(tensor)) return rawOf(importing, place, layout);
  const { names } = importing;
  const key = `${place}:value:${layout}`;
  const found = names.get(key);
  if (found !== undefined) return found;
  const name = dequantized(importing, place, layout);
  if (name !== undefined) names.set(key, name);
  return name;
}

/**
 * Axes are moved while values are integers: onnxruntime 1.30 writes a broken node where it pulls a rounding through a
 * move of real numbers (its PR 28144 names an element type that it changes afterwards).
 */
function dequantized(importing: Importing, place: number, layout: Layout): string | undefined {
  const constant = constantIn(importing, place, layout);
  if (constant) return dequantizedConstant(importing, place, constant);
  const raw = rawOf(importing, place, layout);
  return raw === undefined ? undefined : dequantize(importing, place, raw);
}

/** Real numbers of integers that have a tensor's scales. */
export function dequantize(importing: Importing, place: number, raw: string): string {
  const name = `${nameOf(tensorAt(importing.subgraph, place), place)}.dequantized`;
  return importing.builder.add("DequantizeLinear", [raw, ...scalesOf(importing, place)], { name });
}

const transposed = ({ builder }: Importing, value: string, layout: Layout): string =>
  builder.add("Transpose", [value], {
    attributes: { perm: ints(layout === "first" ? toFirst : toLast) },
    name: `${value}/${layout}`,
  });

/** A constant in some order of axes: its initialiser, and where the quantized axis went. */
type PlacedConstant = { readonly name: string; readonly tensor: Tensor; readonly axis: number };

function constantIn(
  importing: Importing,
  place: number,
  layout: Layout,
): PlacedConstant | undefined {
  const { shape } = tensorAt(importing.subgraph, place);
  if (layout === "last") return placedConstant(importing, place, [...shape.keys()]);
  return placedConstant(importing, place, toFirst);
}

/**
 * Adds a constant with its axes in another order; undefined for a tensor that is computed. A shape that is shorter
 * than the order gets sizes of 1 before it, as in broadcasting.
 */
function placedConstant(
  { builder, subgraph, names }: Importing,
  place: number,
  order: readonly number[],
): PlacedConstant | undefined {
  const description = tensorAt(subgraph, place);
  // One without elements has no data in a file.
  const isEmpty = sizeOf(description.shape) === 0 && !names.has(`${place}:raw:last`);
  const constant = constantOf(isEmpty ? { ...description, data: new Uint8Array() } : description);
  if (constant === undefined) return undefined;
  const missing = Math.max(0, order.length - constant.shape.length);
  const shape = [...Array<number>(missing).fill(1), ...constant.shape];
  const tensor = permute({ ...constant, shape } as Tensor, order);
  const key = `${place}:constant:${order}`;
  const name = names.get(key) ?? builder.constant(tensor, nameOf(description, place));
  names.set(key, name);
  return { name, tensor, axis: order.indexOf(missing + (description.quantization?.axis ?? 0)) };
}

/** The value of a constant with its axes in another order; undefined for a tensor that is computed. */
export function constantValue(
  importing: Importing,
  place: number,
  order: readonly number[],
): string | undefined {
  const constant = placedConstant(importing, place, order);
  if (constant === undefined) return undefined;
  const tensor = tensorAt(importing.subgraph, place);
  if (tensor.type === "int64" && tensor.quantization) return realBias(importing, place);
  const isReal = !isQuantized(tensor) && !(tensor.quantization && tensor.type === "int32");
  return isReal ? constant.name : dequantizedConstant(importing, place, constant);
}

/** The bias of a layer with int16 values has 64 bits, which no DequantizeLinear takes. */
function realBias({ builder, subgraph }: Importing, place: number): string {
  const tensor = tensorAt(subgraph, place);
  const scales = tensor.quantization?.scales ?? [];
  const numbers = integersOf(tensor) ?? [];
  const data = numbers.map((value, index) => value * (scales[index] ?? scales[0] ?? 1));
  return builder.constant(f32(data, tensor.shape), nameOf(tensor, place));
}

function dequantizedConstant(
  importing: Importing,
  place: number,
  { name, tensor, axis }: PlacedConstant,
): string {
  const key = `${name}:value`;
  const found = importing.names.get(key);
  if (found !== undefined) return found;
  const scales = tensorAt(importing.subgraph, place).quantization?.scales.length ?? 1;
  if (scales > 1 && tensor.shape[axis] !== scales) {
    throw new EdgeloopError(
      "TFLITE_INVALID",
      "scales must be as many as the quantized axis is long",
      {
        details: { tensor: nameOf(tensorAt(importing.subgraph, place), place), scales },
      },
    );
  }
  const value = importing.builder.add("DequantizeLinear", [name, ...scalesOf(importing, place)], {
    name: `${name}.dequantized`,
    ...(scales > 1 ? { attributes: { axis: int(axis) } } : {}),
  });
  importing.names.set(key, value);
  return value;
}

/** Initialisers with a tensor's scales and zero points; a bias has no zero point. */
export function scalesOf(
  { builder, subgraph, names }: Importing,
  place: number,
): readonly string[] {
  const tensor = tensorAt(subgraph, place);
  const name = nameOf(tensor, place);
  const { scales, zeroPoints } = tensor.quantization ?? { scales: [1], zeroPoints: [0] };
  const once = (key: string, make: () => Tensor): string => {
    const found = names.get(`${place}:${key}`);
    const added = found ?? builder.constant(make(), `${name}.${key}`);
    names.set(`${place}:${key}`, added);
    return added;
  };
  const scale = once("scale", () =>
    scales.length === 1 ? scalar(scales[0] ?? 1) : f32([...scales]),
  );
  if (tensor.type === "int32") return [scale];
  return [scale, once("zero_point", () => integerTensor(tensor, zeroPoints))];
}

function integerTensor(tensor: TfliteTensor, values: readonly number[]): Tensor {
  const shape = values.length === 1 ? [] : [values.length];
  switch (tensor.type) {
    case "uint8":
      return { dtype: "uint8", shape, data: Uint8Array.from(values) };
    case "int16":
      return { dtype: "int16", shape, data: Int16Array.from(values) };
    default:
      return { dtype: "int8", shape, data: Int8Array.from(values) };
  }
}

/** Rounds real numbers to a tensor's integers. */
export function quantized(importing: Importing, place: number, value: string): string {
  const tensor = tensorAt(importing.subgraph, place);
  const { scales = [], axis = 0 } = tensor.quantization ?? {};
  return importing.builder.add("QuantizeLinear", [value, ...scalesOf(importing, place)], {
    name: `${nameOf(tensor, place)}.quantized`,
    ...(scales.length > 1 ? { attributes: { axis: int(axis) } } : {}),
  });
}

/** Whether tensors have one element type and scale, so that integers move between them as they are. */
export function shareScales(tensors: readonly TfliteTensor[]): boolean {
  const keys = tensors.map(({ type, quantization }) =>
    isQuantized({ type, quantization } as TfliteTensor)
      ? JSON.stringify([type, quantization])
      : type,
  );
  return keys.every((key) => key === keys[0]);
}

/** Rounds real numbers to a tensor's integers and gives those back as real numbers. */
export function rounded(importing: Importing, place: number, value: string): string {
  const integers = quantized(importing, place, value);
  return dequantize(importing, place, integers);
}
