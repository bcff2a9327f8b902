import type { Site } from "./site.ts";

/** A strided slice in ONNX's words. */
export type SliceAxes = {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly axes: readonly number[];
  readonly steps: readonly number[];
  /** Axes of the sliced value that go. */
  readonly dropped: readonly number[];
  /** Axes of the result, after that, that are new. */
  readonly added: readonly number[];
};

/** Beyond any axis, in either direction. */
const far = 2 ** 31 - 1;

type Building = { [K in keyof SliceAxes]: number[] };

/** Lists of a strided slice, an entry for each of them. */
type Lists = {
  readonly begins: readonly number[];
  readonly ends: readonly number[];
  readonly steps: readonly number[];
};

function listsOf(site: Site): Lists {
  const begins = site.integers(1, "where a slice begins");
  const ends = site.integers(2, "where a slice ends");
  const steps = site.integers(3, "the steps of a slice");
  if (ends.length !== begins.length || steps.length !== begins.length) {
    throw site.invalid("begin, end and strides must be equally long");
  }
  if (steps.includes(0)) throw site.invalid("a step must not be 0");
  return { begins, ends, steps };
}

const isSet = (site: Site, mask: string, entry: number): boolean =>
  ((site.number(mask) >> entry) & 1) === 1;

/** What an entry stands for; an ellipsis wins. */
function kindOf(site: Site, entry: number): "ellipsis" | "new" | "axis" {
  if (isSet(site, "ellipsis_mask", entry)) return "ellipsis";
  return isSet(site, "new_axis_mask", entry) ? "new" : "axis";
}

/**
 * Reads a strided slice: each entry of the lists is for the next axis, unless a bit of a mask says that it is a new
 * axis, or stands for all axes that are left over; bits of other masks say that an end is open, and that the axis goes.
 *
 * @see https://www.tensorflow.org/api_docs/python/tf/strided_slice
 */
export function sliceAxes(site: Site): SliceAxes {
  const lists = listsOf(site);
  const kinds = lists.begins.map((_, entry) => kindOf(site, entry));
  const rank = site.shape(0).length;
  const leftOver = rank - kinds.filter((kind) => kind === "axis").length;
  if (leftOver < 0) throw site.invalid("a slice has more entries than the value has axes");
  const spec: Building = { starts: [], ends: [], axes: [], steps: [], dropped: [], added: [] };
  let axis = 0;
  for (const [entry, kind] of kinds.entries()) {
    if (kind === "ellipsis") axis += leftOver;
    // Places of the result count axes that stay and new ones.
    if (kind === "new") spec.added.push(axis - spec.dropped.length + spec.added.length);
    if (kind === "axis") {
      addAxis(site, { entry, axis, lists, spec });
      axis += 1;
    }
  }
  return spec;
}

type Entry = {
  readonly entry: number;
  readonly axis: number;
  readonly lists: Lists;
  readonly spec: Building;
};

function addAxis(site: Site, { entry, axis, lists, spec }: Entry): void {
  const isDropped = isSet(site, "shrink_axis_mask", entry);
  const step = isDropped ? 1 : (lists.steps[entry] ?? 1);
  const firstPlace = isDropped ? 0 : openEnd(-step);
  const start = isSet(site, "begin_mask", entry) ? firstPlace : (lists.begins[entry] ?? 0);
  const offset = site.flag("offset") ? start : 0;
  const end = isSet(site, "end_mask", entry) ? openEnd(step) : (lists.ends[entry] ?? 0) + offset;
  spec.axes.push(axis);
  spec.starts.push(start);
  spec.ends.push(isDropped ? afterOne(start) : end);
  spec.steps.push(step);
  if (isDropped) spec.dropped.push(axis);
}

/** The last place in the direction of a step: also where a slice against it begins. */
const openEnd = (step: number): number => (step > 0 ? far : -far);

/** The end of a slice with one place; -1 is the last. */
const afterOne = (start: number): number => (start === -1 ? far : start + 1);
