import { comparison } from "./comparison.ts";
import { convolution } from "./convolution.ts";
import { elementwise } from "./elementwise.ts";
import { joining } from "./joining.ts";
import { matrix } from "./matrix.ts";
import { padding } from "./padding.ts";
import { pooling } from "./pooling.ts";
import { recurrence } from "./recurrence.ts";
import { reduction } from "./reduction.ts";
import { repeating } from "./repeating.ts";
import { resizing } from "./resizing.ts";
import type { ImportRow, ImportRows } from "./row.ts";
import { scanning } from "./scanning.ts";
import { shaping } from "./shaping.ts";
import { slicing } from "./slicing.ts";

const families: readonly ImportRows[] = [
  ...[convolution, pooling, matrix, elementwise, reduction, recurrence],
  ...[shaping, joining, slicing, padding, resizing, repeating, comparison, scanning],
];

/** Finds the row of an operator; undefined for one that is not imported. */
export const importRowOf = (op: string): ImportRow | undefined =>
  families.find((rows) => Object.hasOwn(rows, op))?.[op];

/** Names of the operators that are imported, sorted. */
export const importedOperators: readonly string[] = families
  .flatMap((rows) => Object.keys(rows))
  .sort();
