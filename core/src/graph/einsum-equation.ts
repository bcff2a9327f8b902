/** An equation of Einsum whose axes all have letters. */
export type EinsumEquation = {
  /** The letters of each input. */
  readonly terms: readonly string[];
  readonly output: string;
  /** The letters that stand for an ellipsis: along these, a size of 1 repeats. */
  readonly ellipsis: string;
};

/**
 * Reads an equation. An ellipsis gets letters that the equation does not use, one an axis; without an arrow the result
 * has the ellipsis, then the letters that occur once, in alphabetical order.
 *
 * @param ranks Of the inputs.
 * @returns Undefined when it does not fit inputs of these ranks.
 * @see https://onnx.ai/onnx/operators/onnx__Einsum.html
 */
export function einsumEquation(
  equation: string,
  ranks: readonly number[],
): EinsumEquation | undefined {
  const written = equation.replaceAll(" ", "");
  const [left = "", right] = written.split("->");
  const terms = left.split(",");
  if (!pattern.test(written) || terms.length !== ranks.length) return undefined;
  const counts = terms.flatMap((term, i) =>
    term.includes("...") ? [(ranks[i] ?? 0) - (term.length - 3)] : [],
  );
  const [count = 0] = counts;
  if (count < 0 || counts.some((other) => other !== count)) return undefined;
  const ellipsis = alphabet
    .filter((letter) => !written.includes(letter))
    .slice(0, count)
    .join("");
  const named = terms.map((term) => term.replace("...", ellipsis));
  if (ellipsis.length < count || named.some((term, i) => term.length !== ranks[i]))
    return undefined;
  const output = right?.replace("...", ellipsis) ?? ellipsis + occurringOnce(terms);
  const known = new Set(named.join(""));
  return [...output].every((letter) => known.has(letter)) && new Set(output).size === output.length
    ? { terms: named, output, ellipsis }
    : undefined;
}

const alphabet = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"];
const axes = "[a-zA-Z]*(?:\\.\\.\\.[a-zA-Z]*)?";
const pattern = new RegExp(`^${axes}(?:,${axes})*(?:->${axes})?$`);

const occurringOnce = (terms: readonly string[]): string =>
  [...terms.join("").replaceAll(".", "")]
    .filter((letter, _, letters) => letters.filter((other) => other === letter).length === 1)
    .sort()
    .join("");
