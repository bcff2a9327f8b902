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

/** A sum of products over every letter that the output does not name. */
function einsum(call: Call): Value {
  const values = call.inputs as readonly Value[];
  const [left = "", right] = string(call, "equation", "").replaceAll(" ", "").split("->");
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
