import type { DType } from "../../core/src/graph/tensor.ts";
import type { Call, Operator, Operators } from "./operator.ts";
import { input, number } from "./operator.ts";
import type { Value } from "./value.ts";
import { isFloat, value, zip } from "./value.ts";

/** An operator that applies a function to each element. */
export const map =
  (apply: (x: number) => number): Operator =>
  (call) => {
    const x = input(call, 0);
    return value(x.dtype, x.shape, x.data.map(apply));
  };

const binary =
  (apply: (a: number, b: number) => number, dtype?: DType): Operator =>
  (call) => {
    const [a, b] = [input(call, 0), input(call, 1)];
    return zip([a, b], dtype ?? a.dtype, apply as (...xs: number[]) => number);
  };

const variadic =
  (apply: (...xs: number[]) => number): Operator =>
  ({ inputs }) => {
    const values = inputs.filter((x): x is Value => x !== undefined);
    return zip(values, values[0]!.dtype, apply);
  };

/** The error function by Kummer's series, whose terms are all positive. @see Abramowitz & Stegun 7.1.6 */
export function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(sum); n += 1) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** Rounds halves to the even neighbour. */
export function roundEven(x: number): number {
  const down = Math.floor(x);
  if (x - down !== 0.5) return Math.round(x);
  return down % 2 === 0 ? down : down + 1;
}

const divide: Operator = (call) => {
  const whole = !isFloat(input(call, 0).dtype);
  return binary((a, b) => (whole ? Math.trunc(a / b) : a / b))(call);
};

const integers: Readonly<Partial<Record<DType, readonly [number, number]>>> = {
  int8: [-128, 127],
  uint8: [0, 255],
  int16: [-32768, 32767],
  uint16: [0, 65535],
  int32: [-2147483648, 2147483647],
};

/** Limits of an integer dtype. */
export function limitsOf(dtype: DType): readonly [number, number] {
  const limits = integers[dtype];
  if (limits === undefined) throw new Error(`no limits of ${dtype}`);
  return limits;
}

/** TensorProto's numbers of data types. */
const dtypes: Readonly<Record<number, DType>> = {
  1: "float32",
  2: "uint8",
  3: "int8",
  6: "int32",
  7: "int64",
  9: "bool",
  11: "float64",
};

const cast: Operator = (call) => {
  const x = input(call, 0);
  const to = dtypes[number(call, "to", 0)];
  if (to === undefined) throw new Error("Cast to an unknown type");
  if (isFloat(to)) return value(to, x.shape, x.data);
  return value(to, x.shape, x.data.map(to === "bool" ? (e) => Number(e !== 0) : Math.trunc));
};

const clip = (call: Call): Value => {
  const x = input(call, 0);
  const low = call.inputs[1]?.data[0] ?? Number.NEGATIVE_INFINITY;
  const high = call.inputs[2]?.data[0] ?? Number.POSITIVE_INFINITY;
  return value(
    x.dtype,
    x.shape,
    x.data.map((e) => Math.min(Math.max(e, low), high)),
  );
};

const where = (call: Call): Value => {
  const [condition, x, y] = [input(call, 0), input(call, 1), input(call, 2)];
  return zip([condition, x, y], x.dtype, (c, a, b) => (c === 0 ? b! : a!));
};

/** In inference alone: in training its mask is drawn, which a reference cannot repeat. */
const dropout = (call: Call): Value[] => {
  if ((call.inputs[2]?.data[0] ?? 0) !== 0 && call.inputs[1]?.data[0] !== 0) {
    throw new Error("no reference for Dropout in training");
  }
  const x = input(call, 0);
  return [
    x,
    value(
      "bool",
      x.shape,
      x.data.map(() => 1),
    ),
  ];
};

export const elementwise: Operators = {
  Add: binary((a, b) => a + b),
  Sub: binary((a, b) => a - b),
  Mul: binary((a, b) => a * b),
  Div: divide,
  Pow: binary((a, b) => a ** b),
  Mod: binary((a, b) => a - b * Math.floor(a / b)),
  Min: variadic(Math.min),
  Max: variadic(Math.max),
  Sum: variadic((...xs) => xs.reduce((sum, x) => sum + x, 0)),
  Mean: variadic((...xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length),
  Neg: map((x) => -x),
  Abs: map(Math.abs),
  Sign: map(Math.sign),
  Sqrt: map(Math.sqrt),
  Exp: map(Math.exp),
  Log: map(Math.log),
  Sin: map(Math.sin),
  Cos: map(Math.cos),
  Tan: map(Math.tan),
  Asin: map(Math.asin),
  Acos: map(Math.acos),
  Atan: map(Math.atan),
  Sinh: map(Math.sinh),
  Cosh: map(Math.cosh),
  Asinh: map(Math.asinh),
  Acosh: map(Math.acosh),
  Atanh: map(Math.atanh),
  Reciprocal: map((x) => 1 / x),
  Floor: map(Math.floor),
  Ceil: map(Math.ceil),
  Round: map(roundEven),
  Erf: map(erf),
  Not: map((x) => 1 - x),
  And: binary((a, b) => a * b, "bool"),
  BitwiseXor: binary((a, b) => a ^ b),
  Or: binary((a, b) => Math.max(a, b), "bool"),
  Equal: binary((a, b) => Number(a === b), "bool"),
  Greater: binary((a, b) => Number(a > b), "bool"),
  GreaterOrEqual: binary((a, b) => Number(a >= b), "bool"),
  Less: binary((a, b) => Number(a < b), "bool"),
  LessOrEqual: binary((a, b) => Number(a <= b), "bool"),
  Identity: map((x) => x),
  Cast: cast,
  Clip: clip,
  Dropout: dropout,
  Where: where,
};
