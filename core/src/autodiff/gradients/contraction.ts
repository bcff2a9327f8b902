import { textOf } from "../../graph/attributes.ts";
import { text } from "../../graph/builder.ts";
import type { EinsumEquation } from "../../graph/einsum-equation.ts";
import { einsumEquation } from "../../graph/einsum-equation.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { expandLike } from "../shapes.ts";

function equationOf(c: RuleContext): EinsumEquation {
  const ranks = c.node.inputs.map((name) => c.dims(name).length);
  const equation =
    einsumEquation(textOf(c.node, "equation", ""), ranks) ?? c.refuse("its equation is not valid");
  if (equation.terms.some((term) => new Set(term).size < term.length)) {
    c.refuse("an axis that one input names twice is not supported");
  }
  for (const letter of equation.ellipsis) {
    // An ellipsis may repeat an input along an axis of size 1, which a letter may not.
    const sizes = equation.terms.map((term, index) => c.dims(c.x(index))[term.indexOf(letter)]);
    if (new Set(sizes.filter((size) => size !== undefined)).size > 1) {
      c.refuse("an ellipsis that repeats an input is not supported");
    }
  }
  return equation;
}

/**
 * The gradient of one input: the same sum of products with the output's gradient in its place. A letter that no other
 * input and not the output has was only added up, so its gradient is the same all along.
 */
function inputGradient(c: RuleContext, { terms, output }: EinsumEquation, index: number): string {
  const own = [...(terms[index] ?? "")];
  const others = terms.flatMap((term, i) => (i === index ? [] : [{ term, name: c.x(i) }]));
  const found = new Set(output + others.map(({ term }) => term).join(""));
  const result = own.filter((letter) => found.has(letter)).join("");
  const equation = `${[output, ...others.map(({ term }) => term)].join(",")}->${result}`;
  const product = c.op("Einsum", [c.up, ...others.map(({ name }) => name)], {
    equation: text(equation),
  });
  const missing = own.flatMap((letter, axis) => (found.has(letter) ? [] : [axis]));
  if (missing.length === 0) return product;
  return expandLike(c, c.op("Unsqueeze", [product, c.ints(missing)]), c.x(index));
}

/** Gradients of sums of products. */
export const contraction: Readonly<Record<"Einsum", Rule>> = {
  Einsum: (c) => {
    const equation = equationOf(c);
    return c.node.inputs.map((_, index) => () => inputGradient(c, equation, index));
  },
};
