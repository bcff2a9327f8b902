import type { Dim } from "../graph.ts";
import type { Element, Operator, OperatorRows, Site } from "../operator.ts";
import {
  dtypeSets,
  inputOf,
  integersOf,
  known,
  needAxis,
  needDType,
  openDim,
  openShape,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

const slice: Operator = {
  inputs: [3, 5],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    const { dtype, shape, elements } = inputOf(site, 0);
    for (const index of [1, 2]) needDType(site, index, dtypeSets.index);
    if (shape === undefined) return [known(dtype)];
    const read = (index: number): readonly number[] | undefined => integersOf(site.inputs[index]);
    const starts = inputOf(site, 1).elements;
    const ends = inputOf(site, 2).elements;
    const axes = site.inputs[3] === undefined ? starts?.map((_, i) => i) : read(3);
    const steps = site.inputs[4] === undefined ? starts?.map(() => 1) : read(4);
    if (!starts || !ends || !axes || !steps) return [known(dtype, openShape(site, shape.length))];
    const dims = [...shape];
    let content = elements;
    for (const [i, axisGiven] of axes.entries()) {
      const axis = needAxis(site, axisGiven, shape.length);
      const range = { start: starts[i], end: ends[i], step: steps[i] ?? 1 };
      dims[axis] = sliceDim(site, axis, shape[axis] ?? 1, range);
      content = shape.length === 1 && content ? sliceElements(content, range) : undefined;
    }
    return [known(dtype, dims, content)];
  },
};

type Range = { readonly start: Element; readonly end: Element; readonly step: number };

/** First and last-but-one index of a slice, clamped as ONNX's Slice does. */
function clampRange(size: number, { start, end, step }: Range): [number, number] | undefined {
  if (typeof start !== "number" || typeof end !== "number") return undefined;
  const from = start < 0 ? start + size : start;
  const to = end < 0 ? end + size : end;
  const clamp = (x: number, low: number, high: number): number => Math.min(Math.max(x, low), high);
  return step > 0
    ? [clamp(from, 0, size), clamp(to, 0, size)]
    : [clamp(from, 0, size - 1), clamp(to, -1, size - 1)];
}

function sliceDim(site: Site, axis: number, dim: Dim, range: Range): Dim {
  if (range.step === 0) throw nodeInvalid(site.node, "a step must not be 0");
  const whole = range.start === 0 && typeof range.end === "number" && range.end >= 2 ** 31 - 1;
  if (whole && range.step === 1) return dim;
  if (range.start === 0 && range.end === dim && range.step === 1) return dim;
  const clamped = typeof dim === "number" ? clampRange(dim, range) : undefined;
  if (clamped === undefined) return openDim(site)(axis);
  return Math.max(0, Math.ceil((clamped[1] - clamped[0]) / range.step));
}

function sliceElements(content: readonly Element[], range: Range): readonly Element[] | undefined {
  const clamped = clampRange(content.length, range);
  if (clamped === undefined) return undefined;
  const [from, to] = clamped;
  const picked: Element[] = [];
  for (let i = from; range.step > 0 ? i < to : i > to; i += range.step) picked.push(content[i]);
  return picked;
}

/** Cutting out ranges. */
export const slicing: OperatorRows = { Slice: slice };
