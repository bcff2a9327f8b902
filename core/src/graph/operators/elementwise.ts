import { intOf } from "../attributes.ts";
import { broadcast } from "../dims.ts";
import { dtypeOfOnnx } from "../dtypes.ts";
import type { Attribute } from "../graph.ts";
import { foldIntegers } from "../integer-folds.ts";
import type { Element, Known, Operator, OperatorRows, Site } from "../operator.ts";
import {
  dtypeSets,
  inputOf,
  integersOf,
  known,
  needAxis,
  needDType,
  needSameDType,
  openDim,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";
import type { DType } from "../tensor.ts";

const { float, integer, numeric } = dtypeSets;
const all: readonly DType[] = [...numeric, "bool", "string", "int4", "uint4"];
const ordered: readonly DType[] = [...numeric, "bool"];

/** Shape of inputs broadcast together; undefined when one is unknown. */
function broadcastInputs(site: Site, indices: readonly number[]): Known["shape"] {
  let shape: Known["shape"] = [];
  for (const index of indices) {
    const next = inputOf(site, index).shape;
    if (next === undefined || shape === undefined) return undefined;
    const joined = broadcast(shape, next, openDim(site));
    if (joined === undefined) {
      throw nodeInvalid(site.node, `shapes [${shape}] and [${next}] do not broadcast`);
    }
    shape = joined;
  }
  return shape;
}

const binary = (
  allowed: readonly DType[],
  options: { readonly result?: DType; readonly attributes?: Operator["attributes"] } = {},
): Operator => ({
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: options.attributes ?? {},
  infer(site) {
    needSameDType(site, [0, 1]);
    const dtype = needDType(site, 0, allowed);
    const elements = foldIntegers(site.node.op, inputOf(site, 0), inputOf(site, 1));
    return [known(options.result ?? dtype, broadcastInputs(site, [0, 1]), elements)];
  },
});

const variadic: Operator = {
  inputs: [1, Number.POSITIVE_INFINITY],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    const indices = site.inputs.map((_, index) => index);
    needSameDType(site, indices);
    const elements =
      indices.length === 2
        ? foldIntegers(site.node.op, inputOf(site, 0), inputOf(site, 1))
        : undefined;
    return [known(needDType(site, 0, numeric), broadcastInputs(site, indices), elements)];
  },
};

/** An operator of one input that keeps its shape. */
export const unary = (
  allowed: readonly DType[],
  options: {
    readonly result?: DType;
    readonly attributes?: Operator["attributes"];
    readonly fold?: (element: Element) => Element;
  } = {},
): Operator => ({
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: options.attributes ?? {},
  infer(site) {
    const dtype = needDType(site, 0, allowed);
    const { shape, elements } = inputOf(site, 0);
    const { fold } = options;
    return [known(options.result ?? dtype, shape, fold && elements?.map(fold))];
  },
});

const same = (element: Element): Element => element;
const eachNumber =
  (fold: (x: number) => number) =>
  (element: Element): Element =>
    typeof element === "number" ? fold(element) : undefined;
/** Attributes of one kind. */
export const kinds = (kind: Attribute["kind"], ...names: string[]): Operator["attributes"] =>
  Object.fromEntries(names.map((name) => [name, kind]));

const cast: Operator = {
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: kinds("int", "to", "saturate"),
  infer(site) {
    const dtype = dtypeOfOnnx(intOf(site.node, "to", 0));
    if (dtype === undefined) throw nodeInvalid(site.node, "attribute to must name a dtype");
    const { shape, elements } = inputOf(site, 0);
    return [known(dtype, shape, integer.includes(dtype) ? elements : undefined)];
  },
};

const castLike: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: kinds("int", "saturate"),
  infer: (site) => [known(inputOf(site, 1).dtype, inputOf(site, 0).shape)],
};

const clip: Operator = {
  inputs: [1, 3],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    needSameDType(site, [0, 1, 2]);
    return [known(needDType(site, 0, numeric), inputOf(site, 0).shape)];
  },
};

const power: Operator = {
  inputs: [2, 2],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    needDType(site, 1, numeric);
    return [known(needDType(site, 0, numeric), broadcastInputs(site, [0, 1]))];
  },
};

const where: Operator = {
  inputs: [3, 3],
  outputs: [1, 1],
  attributes: {},
  infer(site) {
    needDType(site, 0, ["bool"]);
    needSameDType(site, [1, 2]);
    const [condition, yes, no] = site.inputs.map((input) => input?.elements);
    const elements = condition?.map((on, i) => {
      if (on === undefined) return undefined;
      const from = on ? yes : no;
      return from?.[from.length === 1 ? 0 : i];
    });
    const shape = broadcastInputs(site, [0, 1, 2]);
    const fits = shape !== undefined && condition?.length === (shape[0] ?? 1) && shape.length < 2;
    return [known(needDType(site, 1, all), shape, fits ? elements : undefined)];
  },
};

const dropout: Operator = {
  inputs: [1, 3],
  outputs: [1, 2],
  attributes: kinds("int", "seed"),
  infer(site) {
    const { shape } = inputOf(site, 0);
    return [known(needDType(site, 0, float), shape), known("bool", shape)];
  },
};

/** An operator on floats with float attributes of these names. */
export const floats = (...names: string[]): Operator =>
  unary(float, { attributes: kinds("float", ...names) });

/** Operators that compute each element from the elements in its place. */
export const elementwise: OperatorRows = {
  ...Object.fromEntries(["Add", "Sub", "Mul", "Div"].map((name) => [name, binary(numeric)])),
  Mod: binary(numeric, { attributes: kinds("int", "fmod") }),
  Pow: power,
  Min: variadic,
  Max: variadic,
  Sum: variadic,
  Mean: variadic,
  Equal: binary(all, { result: "bool" }),
  ...Object.fromEntries(
    ["Greater", "GreaterOrEqual", "Less", "LessOrEqual"].map((name) => [
      name,
      binary(numeric, { result: "bool" }),
    ]),
  ),
  ...Object.fromEntries(["And", "Or", "Xor"].map((name) => [name, binary(["bool"])])),
  Not: unary(["bool"]),
  ...Object.fromEntries(
    ["BitwiseAnd", "BitwiseOr", "BitwiseXor"].map((name) => [name, binary(integer)]),
  ),
  BitwiseNot: unary(integer),
  BitShift: binary(["uint8", "uint16", "uint32", "uint64"], {
    attributes: kinds("string", "direction"),
  }),
  Where: where,
  Identity: unary(all, { fold: same }),
  Cast: cast,
  CastLike: castLike,
  Clip: clip,
  Dropout: dropout,
  Neg: unary(numeric, { fold: eachNumber((x) => -x) }),
  Abs: unary(numeric, { fold: eachNumber(Math.abs) }),
  Sign: unary(numeric),
  ...Object.fromEntries(
    ["Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Ceil", "Round", "Erf", "Sin", "Cos", "Tan"]
      .concat(["Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"])
      .map((name) => [name, floats()]),
  ),
  IsNaN: unary(float, { result: "bool" }),
  IsInf: unary(float, {
    result: "bool",
    attributes: kinds("int", "detect_negative", "detect_positive"),
  }),
  Trilu: {
    inputs: [1, 2],
    outputs: [1, 1],
    attributes: kinds("int", "upper"),
    infer: (site) => [known(needDType(site, 0, ordered), inputOf(site, 0).shape)],
  },
  CumSum: {
    inputs: [2, 2],
    outputs: [1, 1],
    attributes: kinds("int", "exclusive", "reverse"),
    infer(site) {
      needDType(site, 1, dtypeSets.index);
      const { shape } = inputOf(site, 0);
      const [axis] = integersOf(inputOf(site, 1)) ?? [];
      if (shape !== undefined && axis !== undefined) needAxis(site, axis, shape.length);
      return [known(needDType(site, 0, numeric), shape)];
    },
  },
};
