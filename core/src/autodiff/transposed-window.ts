import { intsOf, textOf } from "../graph/attributes.ts";
import type { Dim } from "../graph/graph.ts";
import type { RuleContext } from "./rule.ts";
import type { Window } from "./window.ts";
import { knownSize, windowOf } from "./window.ts";

/**
 * Reads the sliding window of a ConvTranspose; automatic padding and a given output shape become explicit padding, by
 * the specification's formulas: `total = s (size - 1) + output_padding + d (k - 1) + 1 - out`, of which SAME_UPPER puts
 * the larger half at the end and everything else at the start.
 *
 * @param sizes Spatial sizes of the input.
 */
export function transposedWindowOf(
  c: RuleContext,
  kernel: readonly number[],
  sizes: readonly Dim[],
): Window {
  const shape = intsOf(c.node, "output_shape");
  const auto = textOf(c.node, "auto_pad", "NOTSET");
  const isSame = auto.startsWith("SAME");
  if (shape === undefined && !isSame) return windowOf(c, kernel, sizes);
  const each = (name: string, otherwise: number): readonly number[] =>
    intsOf(c.node, name) ?? kernel.map(() => otherwise);
  const [strides, dilations, extra] = [
    each("strides", 1),
    each("dilations", 1),
    each("output_padding", 0),
  ];
  const total = kernel.map((k, i) => {
    const [s, d] = [strides[i] ?? 1, dilations[i] ?? 1];
    const reach = (extra[i] ?? 0) + d * (k - 1) + 1;
    // SAME gives s outputs an input element, however many those are.
    if (shape === undefined) return reach - s;
    return s * (knownSize(c, sizes[i]) - 1) + reach - (shape[i] ?? 0);
  });
  if (total.some((pad) => pad < 0))
    c.refuse("an output longer than all that is written is not supported");
  const less = total.map((pad) => Math.floor(pad / 2));
  const more = total.map((pad) => Math.ceil(pad / 2));
  const isUpper = auto === "SAME_UPPER";
  return { kernel, strides, dilations, begins: isUpper ? less : more, ends: isUpper ? more : less };
}
