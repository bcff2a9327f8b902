import type { Node } from "../../core/src/graph/graph.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import type { Value } from "./value.ts";
import { fromTensor } from "./value.ts";

/** One application of an operator: its inputs (absent where optional and left out) and its node. */
export type Call = { readonly inputs: readonly (Value | undefined)[]; readonly node: Node };

/** An operator written from its ONNX specification. */
export type Operator = (call: Call) => Value | readonly Value[];

/** Operators by name. */
export type Operators = Readonly<Record<string, Operator>>;

/** A required input. */
export function input({ inputs, node }: Call, index: number): Value {
  const found = inputs[index];
  if (found === undefined) throw new Error(`${node.op} needs input ${index}`);
  return found;
}

/** The elements of an input as numbers. */
export const numbers = (call: Call, index: number): number[] | undefined => {
  const found = call.inputs[index];
  return found === undefined ? undefined : [...found.data];
};

/** An integer or float attribute. */
export function number({ node }: Call, name: string, otherwise: number): number {
  const found = node.attributes[name];
  return found?.kind === "int" || found?.kind === "float" ? found.value : otherwise;
}

/** A list attribute. */
export function list(
  { node }: Call,
  name: string,
  otherwise: readonly number[],
): readonly number[] {
  const found = node.attributes[name];
  return found?.kind === "ints" || found?.kind === "floats" ? found.value : otherwise;
}

/** A string attribute. */
export function string({ node }: Call, name: string, otherwise: string): string {
  const found = node.attributes[name];
  return found?.kind === "string" ? found.value : otherwise;
}

/** A tensor attribute. */
export function tensor({ node }: Call, name: string): Value | undefined {
  const found = node.attributes[name];
  return found?.kind === "tensor" ? fromTensor(found.value as Tensor) : undefined;
}
