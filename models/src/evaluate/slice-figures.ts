import { accuracy, confusionMatrix, macroF1 } from "@edgeloop/core/statistics";
import type { Examples } from "../train/examples.ts";

/** How well one graph does on windows that it has not seen. */
export type Figures = { readonly accuracy: number; readonly macroF1: number };

/** How well it does for one machine, person or whatever else an attribute tells apart. */
export type SliceFigures = Figures & {
  readonly attribute: string;
  readonly value: string;
  readonly windows: number;
};

/** What was predicted for examples, row by row. */
export type Predicted = {
  readonly classes: readonly string[];
  readonly examples: Examples;
  /** Class index of each example. */
  readonly predicted: Int32Array;
};

/** Scores all examples together. */
export const figuresOf = (what: Predicted): Figures =>
  figuresOfRows(what, what.examples.labels.keys());

/**
 * Scores the slices that attributes of the recordings make.
 *
 * @param attributes Names of attributes; a row without one is in the slice of the empty value.
 * @returns Attribute by attribute as asked for, the worst slice first: it is the one to look at.
 */
export function sliceFigures(
  what: Predicted,
  attributes: readonly string[],
): readonly SliceFigures[] {
  const { labels, attributes: rowAttributes } = what.examples;
  return attributes.flatMap((attribute) =>
    [...Map.groupBy(labels.keys(), (row) => rowAttributes[row]?.[attribute] ?? "")]
      .map(([value, rows]) => ({
        attribute,
        value,
        windows: rows.length,
        ...figuresOfRows(what, rows),
      }))
      .toSorted((a, b) => a.macroF1 - b.macroF1 || (a.value < b.value ? -1 : 1)),
  );
}

function figuresOfRows(
  { classes, examples, predicted }: Predicted,
  rows: Iterable<number>,
): Figures {
  const pairs = Array.from(
    rows,
    (row) => [examples.labels[row] ?? 0, predicted[row] ?? 0] as const,
  );
  const confusion = confusionMatrix(classes, pairs);
  return { accuracy: accuracy(confusion), macroF1: macroF1(confusion) };
}

/** Slices of one attribute that a manifest names: the worst ones, so that a bundle does not grow with the data. */
const metricSlicesMax = 16;

/** Longest name of a metric in a manifest. */
const metricNameMax = 256;

/**
 * Writes slices as metrics of a manifest: `macroF1Int8/pump=p3`.
 *
 * @example
 * const slice = { attribute: "pump", value: "p3", windows: 9, accuracy: 1, macroF1: 0.5 };
 * sliceMetrics([slice])["macroF1Int8/pump=p3"]; // => 0.5
 */
export function sliceMetrics(slices: readonly SliceFigures[]): Readonly<Record<string, number>> {
  const worst = [...Map.groupBy(slices, ({ attribute }) => attribute).values()].flatMap((own) =>
    own.slice(0, metricSlicesMax),
  );
  const metrics = worst.flatMap(({ attribute, value, ...figures }): [string, number][] => [
    [`accuracyInt8/${attribute}=${value}`, figures.accuracy],
    [`macroF1Int8/${attribute}=${value}`, figures.macroF1],
  ]);
  return Object.fromEntries(metrics.filter(([name]) => name.length <= metricNameMax));
}
