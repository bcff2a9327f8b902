import { intOf, textOf } from "../attributes.ts";
import type { Shape } from "../dims.ts";
import { broadcast } from "../dims.ts";
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
    const equation = textOf(site.node, "equation", "").replaceAll(" ", "");
    const [left = "", right] = equation.split("->");
    const terms = left.split(",");
    if (!/^[a-zA-Z,]*(->[a-zA-Z]*)?$/.test(equation) || terms.length !== site.inputs.length) {
      throw nodeInvalid(site.node, `equation "${equation}" must name the axes of each input`);
    }
    const sizes = new Map<string, Dim>();
    for (const [index, term] of terms.entries()) {
      const { shape } = inputOf(site, index);
      if (shape === undefined) return [known(dtype)];
      needRank(site, index, term.length);
      for (const [axis, letter] of [...term].entries()) {
        needEqual(site, `sizes of ${letter}`, sizes.get(letter), shape[axis]);
        if (typeof sizes.get(letter) !== "number") sizes.set(letter, shape[axis] ?? 1);
      }
    }
    const letters = right ?? implicitOutput(left);
    if ([...letters].some((letter) => !sizes.has(letter))) {
      throw nodeInvalid(site.node, `equation "${equation}" has an unknown axis`);
    }
    return [
      known(
        dtype,
        Array.from(letters, (letter) => sizes.get(letter) ?? 1),
      ),
    ];
  },
};

/** Without an arrow the result has the letters that occur once, in alphabetical order. */
const implicitOutput = (left: string): string =>
  [...left.replaceAll(",", "")]
    .filter((letter, _, letters) => letters.filter((other) => other === letter).length === 1)
    .sort()
    .join("");

/** Products of matrices. */
export const matrix: OperatorRows = { MatMul: matMul, Gemm: gemm, Einsum: einsum };
