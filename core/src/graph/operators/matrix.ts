import { intOf, textOf } from "../attributes.ts";
import type { Shape } from "../dims.ts";
import { broadcast } from "../dims.ts";
import type { EinsumEquation } from "../einsum-equation.ts";
import { einsumEquation } from "../einsum-equation.ts";
import type { Dim } from "../graph.ts";
import type { Operator, OperatorRows, Site } from "../operator.ts";
import {
  dtypeSets,
  inputOf,
  known,
  needDType,
  needEqual,
  needRank,
  needSameDType,
  openDim,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** numpy's rule: a vector gains a 1 on its outer side, which is dropped from the result. */
function matMulShape(site: Site): Shape | undefined {
  const [a, b] = [inputOf(site, 0).shape, inputOf(site, 1).shape];
  if (a === undefined || b === undefined) return undefined;
  if (a.length === 0 || b.length === 0) throw nodeInvalid(site.node, "inputs must not be scalars");
  const left = a.length === 1 ? [1, ...a] : a;
  const right = b.length === 1 ? [...b, 1] : b;
  needEqual(site, "inner dimensions", left.at(-1), right.at(-2));
  const batch = broadcast(left.slice(0, -2), right.slice(0, -2), openDim(site));
  if (batch === undefined) throw nodeInvalid(site.node, "batch dimensions do not broadcast");
  return [
    ...batch,
    ...(a.length === 1 ? [] : left.slice(-2, -1)),
    ...(b.length === 1 ? [] : right.slice(-1)),
  ];
}

const matMul: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    needSameDType(site, [0, 1]);
    return [known(needDType(site, 0, dtypeSets.numeric), matMulShape(site))];
  },
};

const gemm: Operator = {
  inputs: [2, 3],
  outputs: [1, 1],
  attributes: { alpha: "float", beta: "float", transA: "int", transB: "int" },
  infer(site) {
    needSameDType(site, [0, 1, 2]);
    needRank(site, 0, 2);
    needRank(site, 1, 2);
    const dtype = needDType(site, 0, dtypeSets.numeric);
    const [a, b] = [inputOf(site, 0).shape, inputOf(site, 1).shape];
    if (a === undefined || b === undefined) return [known(dtype)];
    const [rows, inner] = intOf(site.node, "transA", 0) === 0 ? a : a.toReversed();
    const [depth, columns] = intOf(site.node, "transB", 0) === 0 ? b : b.toReversed();
    needEqual(site, "inner dimensions", inner, depth);
    const shape = [rows ?? 1, columns ?? 1];
    const bias = site.inputs[2]?.shape;
    const joined = bias === undefined ? shape : broadcast(shape, bias, openDim(site));
    if (joined?.length !== 2 || joined.some((dim, i) => shape[i] === 1 && dim !== 1)) {
      throw nodeInvalid(site.node, `bias [${bias}] does not broadcast to [${shape}]`);
    }
    return [known(dtype, shape)];
  },
};

const einsum: Operator = {
  inputs: [1, Number.POSITIVE_INFINITY],
  outputs: [1, 1],
  attributes: { equation: "string" },
  infer(site) {
    const dtype = needDType(site, 0, dtypeSets.numeric);
    const written = textOf(site.node, "equation", "");
    const shapes = site.inputs.map((_, index) => inputOf(site, index).shape);
    if (shapes.includes(undefined)) return [known(dtype)];
    const equation = einsumEquation(
      written,
      shapes.map((each) => each?.length ?? 0),
    );
    if (equation === undefined) {
      throw nodeInvalid(site.node, `equation "${written}" must name the axes of each input`);
    }
    const sizes = sizesOf(site, equation);
    return [
      known(
        dtype,
        Array.from(equation.output, (letter) => sizes.get(letter) ?? 1),
      ),
    ];
  },
};

/** The size of each letter; along an ellipsis a size of 1 repeats. */
function sizesOf(site: Site, { terms, ellipsis }: EinsumEquation): ReadonlyMap<string, Dim> {
  const sizes = new Map<string, Dim>();
  const places = terms.flatMap((term, index) =>
    [...term].map((letter, axis) => [letter, inputOf(site, index).shape?.[axis] ?? 1] as const),
  );
  for (const [letter, size] of places) {
    const found = sizes.get(letter);
    const repeats = ellipsis.includes(letter) && (found === 1 || size === 1);
    if (!repeats) needEqual(site, `sizes of ${letter}`, found, size);
    const isSettled = repeats ? size === 1 : typeof found === "number";
    if (found === undefined || !isSettled) sizes.set(letter, size);
  }
  return sizes;
}

/** Products of matrices. */
export const matrix: OperatorRows = { MatMul: matMul, Gemm: gemm, Einsum: einsum };
