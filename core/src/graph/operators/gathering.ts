import { intOf } from "../attributes.ts";
import type { Element, Known, Operator, OperatorRows, Site } from "../operator.ts";
import {
  axisAttribute,
  dtypeSets,
  inputOf,
  known,
  needDType,
  needEqual,
  needRank,
  needSameDType,
  openShape,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

const gather: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: { axis: "int" },
  infer(site) {
    const { dtype, shape, elements } = inputOf(site, 0);
    needDType(site, 1, dtypeSets.index);
    const indices = inputOf(site, 1);
    if (shape === undefined || indices.shape === undefined) return [known(dtype)];
    const axis = axisAttribute(site, shape.length, 0);
    const dims = [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)];
    const content = shape.length === 1 && elements ? pick(site, elements, indices) : undefined;
    return [known(dtype, dims, content)];
  },
};

function pick(site: Site, from: readonly Element[], indices: Known): Element[] | undefined {
  return indices.elements?.map((index) => {
    if (typeof index !== "number") return undefined;
    if (index >= from.length || index < -from.length) {
      throw nodeInvalid(site.node, `index ${index} is outside ${from.length}`);
    }
    return from.at(index);
  });
}

const gatherElements: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: { axis: "int" },
  infer(site) {
    needDType(site, 1, dtypeSets.index);
    const { dtype, shape } = inputOf(site, 0);
    if (shape !== undefined) {
      needRank(site, 1, shape.length);
      axisAttribute(site, shape.length, 0);
    }
    return [known(dtype, inputOf(site, 1).shape)];
  },
};

const gatherNd: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: { batch_dims: "int" },
  infer(site) {
    needDType(site, 1, ["int64"]);
    const { dtype, shape } = inputOf(site, 0);
    const indices = inputOf(site, 1).shape;
    const depth = indices?.at(-1);
    if (shape === undefined || indices === undefined || typeof depth !== "number") {
      return [known(dtype)];
    }
    const batch = intOf(site.node, "batch_dims", 0);
    if (batch + depth > shape.length) throw nodeInvalid(site.node, "indices are longer than rank");
    return [known(dtype, [...indices.slice(0, -1), ...shape.slice(batch + depth)])];
  },
};

const scatterElements: Operator = {
  inputs: [3, 3],
  outputs: [1, 1],
  attributes: { axis: "int", reduction: "string" },
  infer(site) {
    needDType(site, 1, dtypeSets.index);
    needSameDType(site, [0, 2]);
    const { dtype, shape } = inputOf(site, 0);
    const [indices, updates] = [inputOf(site, 1).shape, inputOf(site, 2).shape];
    if (shape !== undefined) {
      axisAttribute(site, shape.length, 0);
      for (const index of [1, 2]) needRank(site, index, shape.length);
    }
    for (const [axis, dim] of (indices ?? []).entries()) {
      needEqual(site, `dimensions ${axis} of indices and updates`, dim, updates?.[axis]);
    }
    return [known(dtype, shape)];
  },
};

const scatterNd: Operator = {
  inputs: [3, 3],
  outputs: [1, 1],
  attributes: { reduction: "string" },
  infer(site) {
    needDType(site, 1, ["int64"]);
    needSameDType(site, [0, 2]);
    const { dtype, shape } = inputOf(site, 0);
    return [known(dtype, shape)];
  },
};

const topK: Operator = {
  inputs: [2, 2],
  outputs: [2, 2],
  attributes: { axis: "int", largest: "int", sorted: "int" },
  infer(site) {
    needDType(site, 1, ["int64"]);
    const { shape } = inputOf(site, 0);
    const dtype = needDType(site, 0, dtypeSets.numeric);
    if (shape === undefined) return [known(dtype), known("int64")];
    const axis = axisAttribute(site, shape.length, -1);
    const count = inputOf(site, 1).elements?.[0] ?? openShape(site, shape.length)[axis] ?? 1;
    const dims = shape.with(axis, count);
    return [known(dtype, dims), known("int64", dims)];
  },
};

/** Operators that pick or place elements by index. */
export const gathering: OperatorRows = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterElements: scatterElements,
  ScatterND: scatterNd,
  TopK: topK,
};
