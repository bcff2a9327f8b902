import type { Node } from "../../graph/graph.ts";
import type { Tensor, TensorOf } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import type { TfliteQuantization } from "../model.ts";
import { sameQuantization } from "./integers.ts";
import type { Layout } from "./layout.ts";
import { alike } from "./moves.ts";
import type { OperatorSpec, Program } from "./program.ts";
import { refusal } from "./refusal.ts";
import type { Values } from "./values.ts";
import { tensorFor } from "./values.ts";

/** A node in its place: what a rule asks, and how it writes. */
export type Site = {
  readonly node: Node;
  readonly program: Program;
  readonly values: Values;
  /** Whether data goes through as int8; weights and settings are constants either way. */
  readonly isInt8: boolean;
  /** What follows the node and is done by it: an `ActivationFunctionType` of the schema. */
  readonly activation: string;
  shape(input: number): readonly number[];
  outShape(output?: number): readonly number[];
  native(input: number): Layout;
  /** The tensor of a data input. */
  input(index: number, layout: Layout): number;
  /** What a data input's integers mean. */
  scale(index: number): TfliteQuantization | undefined;
  /** Adds the tensor of an output; with integers of another scale than the graph has, they are rescaled after the node. */
  output(layout: Layout, index?: number, quantization?: TfliteQuantization): number;
  /** What the graph says of an output's integers. */
  outScale(index?: number): TfliteQuantization | undefined;
  /** A tensor of the node's own, of a data input's kind. */
  between(shape: readonly number[], like: number): number;
  constant(name: string, tensor: Tensor): number;
  emit(
    op: string,
    inputs: readonly number[],
    outputs: readonly number[],
    spec?: OperatorSpec,
  ): void;
  has(input: number): boolean;
  /** A constant that the node cannot do without. */
  need(input: number, what: string): Tensor;
  floats(input: number, what: string): TensorOf<"float32">;
  /** A constant list of integers; undefined where the input is left out. */
  integers(input: number, what: string): readonly number[] | undefined;
};

/** How a node is to be written. */
export type Decision = {
  readonly node: Node;
  readonly isInt8: boolean;
  readonly activation: string;
  /** Names under which the results go on: the outputs, or what follows them and is done with them. */
  readonly results: readonly string[];
  /** By output, the integers that are made of it. */
  readonly integers: readonly (readonly string[])[];
};

/** Opens a node's site; what `finish` returns has to be called once the rule has written. */
export function openSite(
  { node, isInt8, activation, results, integers }: Decision,
  { program, values }: { readonly program: Program; readonly values: Values },
): { readonly site: Site; readonly finish: () => void } {
  const after: (() => void)[] = [];
  const nameOf = (input: number): string => node.inputs[input] ?? "";
  const dataName = (input: number): string =>
    (isInt8 ? values.integers(nameOf(input)) : undefined) ?? nameOf(input);
  const need = (input: number, what: string): Tensor => {
    const found = values.constant(nameOf(input));
    if (found === undefined) throw refusal(node, `${what} must be constant`);
    return found;
  };
  const outScale = (index = 0): TfliteQuantization | undefined =>
    isInt8 ? values.quantization(integers[index]?.[0] ?? "") : undefined;
  const output: Site["output"] = (layout, index = 0, quantization = outScale(index)) => {
    const names = isInt8 ? (integers[index] ?? []) : [results[index] ?? ""];
    const [name = ""] = names;
    const shapeName = results[index] ?? "";
    const wanted = outScale(index);
    const shaped = { name: shapeName, layout, quantization };
    const tensor = tensorFor(program, values, shaped);
    program.rename(tensor, name);
    const register = (made: number): void => {
      for (const each of names) values.set(each, layout, made);
    };
    if (sameQuantization(quantization, wanted)) register(tensor);
    else {
      after.push(() => {
        const rescaled = tensorFor(program, values, { ...shaped, quantization: wanted });
        program.rename(rescaled, `${name}.rescaled`);
        program.emit("QUANTIZE", [tensor], [rescaled]);
        register(rescaled);
      });
    }
    return tensor;
  };
  const site: Site = {
    node,
    program,
    values,
    isInt8,
    activation,
    output,
    outScale,
    need,
    shape: (input) => values.shape(nameOf(input)),
    outShape: (index = 0) => values.shape(node.outputs[index] ?? ""),
    native: (input) => values.native(dataName(input)),
    input: (input, layout) => values.get(dataName(input), layout),
    scale: (input) => (isInt8 ? values.quantization(dataName(input)) : undefined),
    between: (shape, like) => alike(program, like, shape, `${node.outputs[0]}.part`),
    constant: (name, tensor) => program.constant(`${node.outputs[0]}.${name}`, tensor),
    emit: program.emit,
    has: (input) => nameOf(input) !== "",
    floats(input, what) {
      const tensor = need(input, what);
      if (tensor.dtype === "float32") return tensor;
      if (tensor.dtype === "string") throw refusal(node, `${what} must be numbers`);
      return f32(Float32Array.from(tensor.data as Float64Array, Number), tensor.shape);
    },
    integers(input, what) {
      if (nameOf(input) === "") return undefined;
      return Array.from<unknown, number>(need(input, what).data, Number);
    },
  };
  const finish = (): void => {
    for (const run of after) run();
  };
  return { site, finish };
}

/** How nodes of an operator are written. */
export type Rule = {
  write(site: Site): void;
  /** Inputs that are data, not weights or settings; the first when absent. */
  readonly data?: "all" | "two";
  /** Whether int8 kernels do it; asked once its data and results are known to be integers. */
  readonly int8?: (node: Node, values: Values) => boolean;
  /** Whether a following Relu is done by the operator itself. */
  readonly fuses?: true;
};

/** Rules by operator. */
export type Rules = Readonly<Record<string, Rule>>;
