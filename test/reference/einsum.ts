import type { Call, Operators } from "./operator.ts";
import { string } from "./operator.ts";
import type { Value } from "./value.ts";
import { dot, eachIndex, stridesOf, value } from "./value.ts";

/** Letters that occur once, sorted: the output of an equation without an arrow. */
const implied = (terms: readonly string[]): string => {
  const letters = terms.join("");
  return [...letters]
    .filter((a) => letters.split(a).length === 2)
    .sort()
    .join("");
};

/** Names the axes of an ellipsis by digits, the last one 0. */
function withoutEllipsis(equation: string, values: readonly Value[]): string {
  const [left = "", right] = equation.split("->");
  if (!left.includes("...")) return equation;
  const digits = (count: number): string =>
    Array.from({ length: count }, (_, i) => count - 1 - i).join("");
  const terms = left.split(",");
  const counts = terms.map((term, i) =>
    term.includes("...") ? values[i]!.shape.length - (term.length - 3) : 0,
  );
  const named = terms.map((term, i) => term.replace("...", digits(counts[i]!)));
  const longest = digits(Math.max(...counts));
  const bare = terms.map((term) => term.replace("...", ""));
  return `${named.join(",")}->${right?.replace("...", longest) ?? longest + implied(bare)}`;
}

/** A sum of products over every letter that the output does not name. */
function einsum(call: Call): Value {
  const values = call.inputs as readonly Value[];
  const equation = withoutEllipsis(string(call, "equation", "").replaceAll(" ", ""), values);
  const [left = "", right] = equation.split("->");
  const terms = left.split(",");
  const output = right ?? implied(terms);
  const size = new Map<string, number>();
  for (const [i, term] of terms.entries()) {
    for (const [axis, letter] of [...term].entries()) size.set(letter, values[i]!.shape[axis]!);
  }
  const letters = [...size.keys()];
  const place = new Map(letters.map((letter, axis) => [letter, axis]));
  const y = value(
    values[0]!.dtype,
    [...output].map((letter) => size.get(letter)!),
  );
  const at = (index: readonly number[], term: string): number[] =>
    [...term].map((letter) => index[place.get(letter)!]!);
  const strides = stridesOf(y.shape);
  eachIndex(
    letters.map((letter) => size.get(letter)!),
    (index) => {
      const product = terms.reduce(
        (all, term, i) => all * values[i]!.data[dot(at(index, term), stridesOf(values[i]!.shape))]!,
        1,
      );
      y.data[dot(at(index, output), strides)]! += product;
    },
  );
  return y;
}

export const contraction: Operators = { Einsum: einsum };
