import { axisOf } from "../../graph/dims.ts";
import { toFirst } from "./permute.ts";
import type { Site } from "./site.ts";
import type { Layout } from "./values.ts";

/** Counts an axis from the start. @throws `TFLITE_INVALID` when it is outside the rank. */
export function axisIn(site: Site, axis: number, rank: number): number {
  const found = axisOf(axis, rank);
  if (found === undefined) throw site.invalid(`axis ${axis} is outside rank ${rank}`);
  return found;
}

/** Where an axis of the file lies in a layout. */
export const placeIn = (layout: Layout, axis: number): number =>
  layout === "first" ? toFirst.indexOf(axis) : axis;

/** A list with an entry an axis, in a layout's order. */
export const orderedIn = <T>(layout: Layout, entries: readonly T[]): readonly T[] =>
  layout === "first" ? toFirst.flatMap((axis) => entries.slice(axis, axis + 1)) : entries;
