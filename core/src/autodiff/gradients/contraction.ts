import { textOf } from "../../graph/attributes.ts";
import { text } from "../../graph/builder.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { expandLike } from "../shapes.ts";

/** The letters of each input and of the output. */
type Equation = { readonly terms: readonly string[]; readonly output: string };

function equationOf(c: RuleContext): Equation {
  const [left = "", right] = textOf(c.node, "equation", "").replaceAll(" ", "").split("->");
  const terms = left.split(",");
  if (left.includes(".")) c.refuse("an ellipsis is not supported; name the axes");
  if (terms.some((term) => new Set(term).size < term.length)) {
    c.refuse("an axis that one input names twice is not supported");
  }
  const letters = terms.join("");
  const once = [...letters].filter((letter) => letters.split(letter).length === 2);
  return { terms, output: right ?? once.sort().join("") };
}

/**
 * The gradient of one input: the same sum of products with the output's gradient in its place. A letter that no other
 * input and not the output has was only added up, so its gradient is the same all along.
 */
function inputGradient(c: RuleContext, { terms, output }: Equation, index: number): string {
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
