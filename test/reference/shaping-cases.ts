import { int, ints } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { f32, i64, sizeOf } from "../../core/src/graph/tensor.ts";
import type { Maker } from "./case.ts";
import { axisCase, caseOf, narrower } from "./case.ts";

const concat: Maker = (draw) => {
  const rank = draw.int(1, 3);
  const axis = draw.int(0, rank - 1);
  const shape = draw.shape(rank);
  const part = (): Tensor =>
    draw.tensor(shape.map((dim, i) => (i === axis ? draw.int(1, 3) : dim)));
  return caseOf(
    "Concat",
    { a: part(), b: part(), c: part() },
    { attributes: { axis: int(draw.of(axis, axis - rank)) }, symbolic: ["a", "b", "c"] },
  );
};

const split: Maker = (draw) => {
  const sizes_ = [draw.int(1, 3), draw.int(1, 3)];
  const shape = draw.shape(draw.int(1, 3));
  const axis = draw.int(0, shape.length - 1);
  shape[axis] = sizes_[0]! + sizes_[1]!;
  return caseOf(
    "Split",
    { x: draw.tensor(shape), sizes: i64(sizes_) },
    {
      attributes: { axis: int(axis) },
      outputs: 2,
      constants: ["sizes"],
      symbolic: axis === 0 ? [] : ["x"],
    },
  );
};

const slice: Maker = (draw) => {
  const shape = [draw.int(1, 3), draw.int(2, 6), draw.int(2, 6)];
  const steps = [draw.of(1, 1, 2, 3), draw.of(1, -1, -2)];
  const starts = steps.map((step) => (step > 0 ? draw.int(0, 1) : draw.of(-1, 5)));
  const ends = steps.map((step) => (step > 0 ? draw.of(-1, 5, 99) : draw.of(0, -99)));
  return caseOf(
    "Slice",
    {
      x: draw.tensor(shape),
      starts: i64(starts),
      ends: i64(ends),
      axes: i64([1, -1]),
      steps: i64(steps),
    },
    { constants: ["starts", "ends", "axes", "steps"], symbolic: ["x"] },
  );
};

/** Positions that are fed, along an axis whose size is not known either. */
const sliceAtRunTime: Maker = (draw) => {
  const shape = [draw.int(2, 5), draw.int(1, 3), draw.int(2, 5)];
  const step = draw.of(1, 2, -1);
  const tensors = {
    x: draw.tensor(shape),
    starts: i64(step > 0 ? [draw.int(0, 1), -2] : [-1, -2]),
    ends: i64(step > 0 ? [draw.of(-1, 9), 9] : [draw.of(0, -99), 9]),
    axes: i64([0, 2]),
  };
  const steps = step === 1 ? {} : { steps: i64([step, 1]) };
  return caseOf("Slice", { ...tensors, ...steps }, { constants: ["axes"], symbolic: ["x"] });
};

const gather: Maker = (draw) => {
  const shape = draw.shape(draw.int(1, 3));
  const axis = draw.int(0, shape.length - 1);
  const indices = draw.shape(draw.int(0, 2));
  const size = shape[axis]!;
  const data = Array.from({ length: sizeOf(indices) }, () => draw.int(-size, size - 1));
  return caseOf(
    "Gather",
    { x: draw.tensor(shape), indices: i64(data, indices) },
    { attributes: { axis: int(draw.of(axis, axis - shape.length)) }, symbolic: ["x"] },
  );
};

const padValue: Maker = (draw) => {
  const shape = [draw.int(1, 3), draw.int(3, 4)];
  const pads = i64(Array.from({ length: 4 }, () => draw.int(-1, 2)));
  const tensors = { x: draw.tensor(shape), pads, value: draw.tensor([]) };
  return caseOf("Pad", tensors, { constants: draw.of([], ["pads"]), symbolic: ["x"] });
};

const pad: Maker = (draw) => {
  const shape = [draw.int(1, 3), draw.int(3, 4), draw.int(3, 4)];
  const pads = Array.from({ length: 4 }, () => draw.int(-1, 2));
  return caseOf(
    "Pad",
    { x: draw.tensor(shape), pads: i64(pads), value: f32([0.5], []), axes: i64([1, 2]) },
    { constants: ["pads", "value", "axes"], symbolic: ["x"] },
  );
};

const reshape: Maker = (draw) => {
  const [a, b, c] = draw.shape(3) as [number, number, number];
  return caseOf(
    "Reshape",
    { x: draw.tensor([a, b, c]), shape: i64(draw.of([0, -1], [a, b * c], [-1, c], [a * b * c])) },
    { constants: ["shape"], symbolic: draw.flip() ? ["x"] : [] },
  );
};

const expand: Maker = (draw) => {
  const shape = draw.shape(3);
  return caseOf(
    "Expand",
    { x: draw.tensor(narrower(draw, shape)), shape: i64(shape) },
    { constants: ["shape"] },
  );
};

const squeeze: Maker = (draw) =>
  caseOf(
    "Squeeze",
    { x: draw.tensor([draw.int(1, 3), 1, draw.int(1, 3)]), axes: i64([1]) },
    { constants: ["axes"], symbolic: ["x"] },
  );

const unsqueeze: Maker = (draw) =>
  caseOf(
    "Unsqueeze",
    { x: draw.tensor(draw.shape(2)), axes: i64(draw.of([0], [1, -1])) },
    { constants: ["axes"], symbolic: ["x"] },
  );

const transpose: Maker = (draw) =>
  caseOf(
    "Transpose",
    { x: draw.tensor(draw.shape(3)) },
    {
      attributes: draw.flip() ? {} : { perm: ints(draw.of([1, 2, 0], [0, 2, 1], [2, 0, 1])) },
      symbolic: ["x"],
    },
  );

/** Random cases of operators that rearrange and pick. */
export const shapingCases: Readonly<Record<string, Maker>> = {
  Reshape: reshape,
  Flatten: axisCase("Flatten"),
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Split: split,
  Slice: slice,
  "Slice at run time": sliceAtRunTime,
  Gather: gather,
  Pad: pad,
  "Pad value": padValue,
  Expand: expand,
};
