import { intOf, tensorOf } from "../attributes.ts";
import { countOf } from "../dims.ts";
import type { Dim } from "../graph.ts";
import type { Element, Operator, OperatorRows } from "../operator.ts";
import {
  dtypeSets,
  elementsMax,
  inputOf,
  integersOf,
  known,
  needAxis,
  needDType,
  needSameDType,
  openDim,
  openShape,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

const shapeOf: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: { start: "int", end: "int" },
  infer(site) {
    const { shape } = inputOf(site, 0);
    if (shape === undefined) return [known("int64", openShape(site, 1))];
    const end = intOf(site.node, "end", shape.length);
    const elements = shape.slice(intOf(site.node, "start", 0), end);
    return [known("int64", [elements.length], elements)];
  },
};

const size: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: {},
  infer: (site) => [known("int64", [], [countOf(inputOf(site, 0).shape)])],
};

const constantOfShape: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: { value: "tensor" },
  infer(site) {
    const target = inputOf(site, 0);
    needDType(site, 0, ["int64"]);
    const value = tensorOf(site.node, "value");
    const dtype = value?.dtype ?? "float32";
    const rank = countOf(target.shape);
    if (rank === undefined) return [known(dtype)];
    const dims = target.elements?.map((element, axis): Dim => element ?? openDim(site)(axis));
    const count = countOf(dims);
    const isSmallInteger =
      dtypeSets.index.includes(dtype) && count !== undefined && count <= elementsMax;
    const elements = isSmallInteger
      ? new Array<Element>(count).fill(Number(value?.data[0] ?? 0))
      : undefined;
    return [known(dtype, dims ?? openShape(site, rank), elements)];
  },
};

const range: Operator = {
  inputs: [3, 3],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    needSameDType(site, [0, 1, 2]);
    const dtype = needDType(site, 0, ["float32", "float64", "int16", "int32", "int64"]);
    const [start, limit, delta] = [0, 1, 2].map((index) => inputOf(site, index).elements?.[0]);
    if (start === 0 && delta === 1 && typeof limit === "string") return [known(dtype, [limit])];
    if (typeof start !== "number" || typeof limit !== "number" || typeof delta !== "number") {
      return [known(dtype, openShape(site, 1))];
    }
    if (delta === 0) throw nodeInvalid(site.node, "the step must not be 0");
    const count = Math.max(0, Math.ceil((limit - start) / delta));
    const elements =
      count <= elementsMax ? Array.from({ length: count }, (_, i) => start + i * delta) : undefined;
    return [known(dtype, [count], elements)];
  },
};

const oneHot: Operator = {
  inputs: [3, 3],
  outputs: [1, 1],
  attributes: { axis: "int" },
  infer(site) {
    needDType(site, 0, dtypeSets.numeric);
    const { shape } = inputOf(site, 0);
    const { dtype } = inputOf(site, 2);
    if (shape === undefined) return [known(dtype)];
    const rank = shape.length + 1;
    const axis = needAxis(site, intOf(site.node, "axis", -1), rank);
    const depth = integersOf(inputOf(site, 1))?.[0] ?? openDim(site)(axis);
    return [known(dtype, shape.toSpliced(axis, 0, depth))];
  },
};

/** Operators that make values from shapes and counts. */
export const generation: OperatorRows = {
  Shape: shapeOf,
  Size: size,
  ConstantOfShape: constantOfShape,
  Range: range,
  OneHot: oneHot,
};
