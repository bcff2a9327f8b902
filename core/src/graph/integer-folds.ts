import type { Element, Known } from "./operator.ts";

type Fold = (a: Element, b: Element) => Element;

/** Applies to two numbers; with a name or an unknown the result is unknown. */
const numbers =
  (fold: (a: number, b: number) => number): Fold =>
  (a, b) =>
    typeof a === "number" && typeof b === "number" ? fold(a, b) : undefined;

/** As `numbers`, where `neutral` on one side gives the other side, name or not. */
const withNeutral = (neutral: number, fold: (a: number, b: number) => number): Fold => {
  const plain = numbers(fold);
  return (a, b) => {
    if (b === neutral) return a;
    return a === neutral ? b : plain(a, b);
  };
};

const isNegative = (element: Element): boolean => typeof element === "number" && element < 0;

/** Integer arithmetic by operator. A name stands for the size of a dimension, which is never negative. */
const folds: Readonly<Record<string, Fold>> = {
  Add: withNeutral(0, (a, b) => a + b),
  Mul: withNeutral(1, (a, b) => a * b),
  Sub(a, b) {
    if (b === 0) return a;
    return a !== undefined && a === b ? 0 : numbers((x, y) => x - y)(a, b);
  },
  Div(a, b) {
    if (b === 1) return a;
    return b === 0 ? undefined : numbers((x, y) => Math.trunc(x / y))(a, b);
  },
  // Which sign the rest has is an attribute's choice.
  Mod: (a, b) =>
    typeof a === "number" && typeof b === "number" && a >= 0 && b > 0 ? a % b : undefined,
  Min: numbers(Math.min),
  Max: numbers(Math.max),
  Equal(a, b) {
    if (a !== undefined && a === b) return 1;
    const isNameOfOther = typeof a === "string" ? isNegative(b) : isNegative(a);
    if ((typeof a === "string" || typeof b === "string") && isNameOfOther) return 0;
    return numbers((x, y) => Number(x === y))(a, b);
  },
};

/**
 * Folds the contents of two small integer values of one shape, or of which one is a single element.
 * Undefined when the operator is not in the table or the contents do not line up.
 */
export function foldIntegers(op: string, a: Known, b: Known): readonly Element[] | undefined {
  const fold = Object.hasOwn(folds, op) ? folds[op] : undefined;
  const [x, y] = [a.elements, b.elements];
  if (fold === undefined || x === undefined || y === undefined) return undefined;
  const single = x.length === 1 || y.length === 1;
  if (!single && String(a.shape) !== String(b.shape)) return undefined;
  return Array.from({ length: x.length === 1 ? y.length : x.length }, (_, i) =>
    fold(x[x.length === 1 ? 0 : i], y[y.length === 1 ? 0 : i]),
  );
}
