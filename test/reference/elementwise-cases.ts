import { int } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import type { Maker } from "./case.ts";
import { binary, caseOf, narrower, unary } from "./case.ts";

const power: Maker = (draw) =>
  caseOf(
    "Pow",
    { x: draw.positive(draw.shape(2)), p: f32([draw.of(0.5, 2, 3, -1)], []) },
    { constants: ["p"], symbolic: ["x"] },
  );

const powers: Maker = (draw) => {
  const shape = draw.shape(3);
  return caseOf("Pow", { x: draw.positive(narrower(draw, shape)), p: draw.tensor(shape) });
};

const where: Maker = (draw) => {
  const shape = draw.shape(3);
  const condition = draw.tensor(narrower(draw, shape));
  const bools: Tensor = {
    dtype: "bool",
    shape: condition.shape,
    data: Uint8Array.from(condition.data as Float32Array, (x) => Number(x > 0)),
  };
  return caseOf("Where", {
    condition: bools,
    a: draw.tensor(narrower(draw, shape)),
    b: draw.tensor(shape),
  });
};

const clip: Maker = (draw) =>
  caseOf(
    "Clip",
    { x: draw.tensor(draw.shape(2)), low: f32([-0.7], []), high: f32([0.9], []) },
    { constants: ["low", "high"], symbolic: ["x"] },
  );

const variadic =
  (op: string): Maker =>
  (draw) => {
    const shape = draw.shape(3);
    const part = (): Tensor => draw.tensor(narrower(draw, shape));
    return caseOf(op, { a: part(), b: draw.tensor(shape), c: part() }, { symbolic: ["b"] });
  };

/** An operator of one input that is `factor` times the usual and moved: inside its domain, away from poles. */
const inside =
  (op: string, factor: number, shift = 0): Maker =>
  (draw) => {
    const { graph, feeds } = unary(op, shift !== 0)(draw);
    const x = feeds["x"] as Tensor;
    const data = Float32Array.from(x.data as Float32Array, (e) => factor * e + shift);
    return { graph, feeds: { x: { dtype: "float32", shape: x.shape, data } } };
  };

/** Limits that are fed, either left out, in any order. */
const limits: Maker = (draw) => {
  const one = (): Tensor => draw.tensor([]);
  const given = draw.of<Record<string, Tensor>>(
    { low: one() },
    { "": one(), high: one() },
    { low: one(), high: one() },
  );
  return caseOf("Clip", { x: draw.tensor(draw.shape(2)), ...given }, { symbolic: ["x"] });
};

/** Random cases of element by element operators. */
export const elementwiseCases: Readonly<Record<string, Maker>> = {
  Add: binary("Add"),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  Div: binary("Div", true),
  Min: binary("Min"),
  Max: binary("Max"),
  Neg: unary("Neg"),
  Abs: unary("Abs"),
  Sqrt: unary("Sqrt", true),
  Exp: unary("Exp"),
  Log: unary("Log", true),
  Reciprocal: unary("Reciprocal", true),
  Sin: unary("Sin"),
  Cos: unary("Cos"),
  Tan: inside("Tan", 0.6),
  Sinh: unary("Sinh"),
  Cosh: unary("Cosh"),
  Asin: inside("Asin", 0.45),
  Acos: inside("Acos", 0.45),
  Atanh: inside("Atanh", 0.45),
  Asinh: unary("Asinh"),
  Acosh: inside("Acosh", 1, 1),
  Atan: unary("Atan"),
  Erf: unary("Erf"),
  Identity: unary("Identity"),
  Cast: unary("Cast", false, { to: int(1) }),
  Pow: power,
  "Pow of an exponent": powers,
  "Min of three": variadic("Min"),
  "Max of three": variadic("Max"),
  Sum: variadic("Sum"),
  Mean: variadic("Mean"),
  Clip: clip,
  "Clip limits": limits,
  Where: where,
};
