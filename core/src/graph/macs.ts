import { intOf, textOf } from "./attributes.ts";
import type { Node } from "./graph.ts";
import { gatesOf } from "./operators/recurrence.ts";

/** Sizes of a value; named dimensions are numbers by now, an unknown shape is `[]`. */
export type SizesOf = (name: string | undefined) => readonly number[];

const countOf = (sizes: readonly number[]): number => sizes.reduce((n, size) => n * size, 1);

/**
 * Counts the multiply-accumulate operations of one run of a node: convolutions, matrix products, Einsum and recurrent
 * cells. Others do none, or few beside those.
 */
export function macsOf(node: Node, sizesOf: SizesOf): number {
  if (node.domain !== undefined) return 0;
  const [first = [], second = []] = node.inputs.map(sizesOf);
  const result = countOf(sizesOf(node.outputs[0]));
  switch (node.op) {
    case "Conv":
    case "ConvInteger":
      return result * countOf(second.slice(1));
    case "ConvTranspose":
      return countOf(first) * countOf(second.slice(1));
    case "MatMul":
    case "MatMulInteger":
      return result * (first.at(-1) ?? 1);
    case "Gemm":
      return result * (first.at(intOf(node, "transA", 0) === 0 ? 1 : 0) ?? 1);
    case "Einsum":
      return einsumMacs(textOf(node, "equation", ""), node.inputs.map(sizesOf));
    default:
      return Object.hasOwn(gatesOf, node.op) ? recurrentMacs(node, first, sizesOf) : 0;
  }
}

/** Each gate of each step multiplies the input and the state; peepholes and gates' products are few beside. */
function recurrentMacs(node: Node, x: readonly number[], sizesOf: SizesOf): number {
  const [directions = 1, rows = 0, inputs = 0] = sizesOf(node.inputs[1]);
  const [, , hidden = 0] = sizesOf(node.inputs[2]);
  const steps = (x[0] ?? 1) * (x[1] ?? 1);
  return steps * directions * rows * (inputs + hidden);
}

/** One product for each combination of all letters, and of the broadcast dimensions where there is an ellipsis. */
function einsumMacs(equation: string, operands: readonly (readonly number[])[]): number {
  const terms = (equation.replaceAll(" ", "").split("->")[0] ?? "").split(",");
  if (operands.length < 2) return 0;
  const sizes = new Map<string, number>();
  const grow = (key: string, size: number): void => {
    sizes.set(key, Math.max(sizes.get(key) ?? 1, size));
  };
  for (const [index, term] of terms.entries()) {
    const dims = operands[index] ?? [];
    const [head = "", tail] = term.split("...");
    for (const [i, letter] of [...head].entries()) grow(letter, dims[i] ?? 1);
    if (tail === undefined) continue;
    const middle = dims.slice(head.length, dims.length - tail.length);
    for (const [i, size] of middle.entries()) grow(`…${middle.length - i}`, size);
    for (const [i, letter] of [...tail].entries()) {
      grow(letter, dims[dims.length - tail.length + i] ?? 1);
    }
  }
  return countOf([...sizes.values()]);
}
