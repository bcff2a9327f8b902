import type { Graph, Node } from "../../graph/graph.ts";
import type { Known } from "../../graph/operator.ts";
import { integersOf as knownIntegers } from "../../graph/operator.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { i64 } from "../../graph/tensor.ts";
import type { TfliteQuantization, TfliteType } from "../model.ts";
import type { Integers } from "./integers.ts";
import { activationQuantization, dequantizedConstant, weightIntegers } from "./integers.ts";
import type { Layout } from "./layout.ts";
import { permuted, storedAxes, storedShape } from "./layout.ts";
import { relayout } from "./moves.ts";
import type { Program } from "./program.ts";

/** The values of a graph as tensors of the program that is written, in whatever layouts they are asked for. */
export type Values = {
  /** Sizes of a value's axes, as in the graph. */
  shape(name: string): readonly number[];
  dtype(name: string): Known["dtype"];
  /** A value that does not depend on inputs. */
  constant(name: string): Tensor | undefined;
  /** The node that makes a value. */
  maker(name: string): Node | undefined;
  /** What integers of a value mean, int8 throughout. */
  quantization(name: string): TfliteQuantization | undefined;
  /** The integers behind a float value. */
  integers(name: string): string | undefined;
  /** The integers of a weight behind its DequantizeLinear, where int8 kernels take them. */
  weights(node: Node): Integers | undefined;
  /** The layout in which a value came to be. */
  native(name: string): Layout;
  has(name: string): boolean;
  get(name: string, layout: Layout): number;
  set(name: string, layout: Layout, tensor: number): void;
  /** Adds a constant in another shape of as many elements. */
  fixed(name: string, shape: readonly number[], layout: Layout): number;
};

/** What `startValues` works on. */
export type ValuesOf = {
  readonly graph: Graph;
  readonly known: ReadonlyMap<string, Known>;
  readonly program: Program;
};

/** Starts with no value but constants. */
export function startValues({ graph, known, program }: ValuesOf): Values {
  const stored = new Map<string, Map<Layout, number>>();
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((name) => [name, node])));
  const { quantizations, integers } = quantizedValues(graph);
  const constants = new Map<string, Tensor | undefined>();

  const shape = (name: string): readonly number[] =>
    (known.get(name)?.shape ?? []).map((dim) => Number(dim));
  const constant = (name: string): Tensor | undefined => {
    if (!constants.has(name)) constants.set(name, findConstant(name));
    return constants.get(name);
  };
  const findConstant = (name: string): Tensor | undefined => {
    const given = graph.initializers.get(name);
    if (given !== undefined) return given;
    const maker = makers.get(name);
    if (maker?.op === "DequantizeLinear") return dequantizedConstant(maker, graph);
    const found = known.get(name);
    const elements = found?.dtype === "int64" ? knownIntegers(found) : undefined;
    return elements && i64(elements, shape(name));
  };
  const set = (name: string, layout: Layout, tensor: number): void => {
    const layouts = stored.get(name) ?? new Map<Layout, number>();
    layouts.set(layout, tensor);
    stored.set(name, layouts);
  };
  const native = (name: string): Layout => {
    const own = stored.get(name)?.keys().next().value;
    const source = integers.get(name);
    // Floats that nobody asked for yet will lie as their integers do.
    return own ?? (source === undefined ? "first" : native(source));
  };

  const addConstant = (name: string, tensor: Tensor, layout: Layout): number => {
    const moved = inLayout(tensor, layout);
    const quantization = quantizations.get(name);
    return program.constant(name, quantization ? asInt8(moved) : moved, quantization);
  };
  /** Brings integers back to floats, where somebody wants them so. */
  const dequantize = (name: string): void => {
    const source = integers.get(name);
    if (source === undefined) return;
    const own = native(source);
    const from = get(source, own);
    const to = program.tensor({ name, type: "float32", shape: program.of(from).shape });
    program.emit("DEQUANTIZE", [from], [to]);
    set(name, own, to);
  };
  const get = (name: string, layout: Layout): number => {
    const ready = stored.get(name)?.get(layout);
    if (ready !== undefined) return ready;
    const tensor = make(name, layout);
    set(name, layout, tensor);
    return tensor;
  };
  const make = (name: string, layout: Layout): number => {
    const fixed = constant(name);
    if (fixed !== undefined) return addConstant(name, fixed, layout);
    if (!stored.has(name)) dequantize(name);
    const own = native(name);
    const from = stored.get(name)?.get(own);
    if (from === undefined) throw new TypeError(`value ${name} is asked for before it is made`);
    return relayout(program, from, { from: own, to: layout, shape: shape(name) });
  };
  return {
    shape,
    constant,
    native,
    weights: (node) => weightIntegers(node, graph),
    get,
    set,
    fixed(name, full, layout) {
      const tensor = constant(name);
      if (tensor === undefined) throw new TypeError(`value ${name} is no constant`);
      return addConstant(name, { ...tensor, shape: full }, layout);
    },
    dtype: (name) => known.get(name)?.dtype ?? "float32",
    maker: (name) => makers.get(name),
    quantization: (name) => quantizations.get(name),
    integers: (name) => integers.get(name),
    has: (name) => stored.has(name),
  };
}

/** Finds the values of 8-bit integers with their scales, and the float values that stand for them. */
function quantizedValues(graph: Graph): {
  readonly quantizations: ReadonlyMap<string, TfliteQuantization>;
  readonly integers: ReadonlyMap<string, string>;
} {
  const quantizations = new Map<string, TfliteQuantization>();
  const integers = new Map<string, string>();
  for (const node of graph.nodes) {
    const isPair = node.op === "QuantizeLinear" || node.op === "DequantizeLinear";
    const quantization = isPair ? activationQuantization(node, graph) : undefined;
    if (quantization === undefined) continue;
    const [value = ""] = node.op === "QuantizeLinear" ? node.outputs : node.inputs;
    quantizations.set(value, quantization);
    if (node.op === "DequantizeLinear") integers.set(node.outputs[0] ?? "", value);
  }
  return { quantizations, integers };
}

function inLayout(tensor: Tensor, layout: Layout): Tensor {
  if (layout === "first" || tensor.dtype === "string") return tensor;
  if (typeof layout === "number") {
    const [rows = 1, size = 1] = tensor.shape;
    const data = permuted(tensor.data, [rows, layout, size / layout], [0, 2, 1]);
    return { ...tensor, data } as Tensor;
  }
  const rank = tensor.shape.length;
  const axes = storedAxes(layout, rank).filter((axis) => axis >= 0);
  const data = permuted(tensor.data, tensor.shape, axes);
  return { ...tensor, shape: storedShape(layout, tensor.shape), data } as Tensor;
}

/** Moves uint8 to int8: the zero point of its scale has been moved too. */
const asInt8 = (tensor: Tensor): Tensor =>
  tensor.dtype === "uint8"
    ? { ...tensor, dtype: "int8", data: Int8Array.from(tensor.data, (value) => value - 128) }
    : tensor;

/** Adds a tensor for a value, as the graph has it or as int8. */
export function tensorFor(
  program: Program,
  values: Values,
  {
    name,
    layout,
    quantization,
  }: {
    readonly name: string;
    readonly layout: Layout;
    readonly quantization?: TfliteQuantization | undefined;
  },
): number {
  const type: TfliteType = quantization === undefined ? (values.dtype(name) as TfliteType) : "int8";
  const shape = storedShape(layout, values.shape(name));
  return program.tensor({ name, type, shape, quantization });
}
