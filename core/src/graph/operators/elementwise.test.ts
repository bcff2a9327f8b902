import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, text } from "../builder.ts";
import type { Tensor } from "../tensor.ts";
import { f32, i64, scalar } from "../tensor.ts";
import { elementwise } from "./elementwise.ts";

const bools = (...values: number[]): Tensor => ({
  dtype: "bool",
  shape: [values.length],
  data: Uint8Array.from(values),
});
const bytes = (...values: number[]): Tensor => ({ ...bools(...values), dtype: "uint8" }) as Tensor;
const unary = ["Exp", "Log", "Sqrt", "Reciprocal", "Floor", "Ceil", "Round", "Erf", "Sin", "Cos"]
  .concat(["Tan", "Asin", "Acos", "Atan", "Sinh", "Cosh", "Asinh", "Acosh", "Atanh"])
  .concat(["Neg", "Abs", "Sign", "IsNaN", "IsInf", "Identity", "Trilu"]);

const cases: readonly OperatorCase[] = [
  ...unary.map((op) => ({ op, feeds: [data(2, 3)] })),
  ...["Add", "Sub", "Mul", "Div", "Pow", "Greater", "LessOrEqual", "Equal", "Min", "Max"].map(
    (op) => ({
      op,
      feeds: [data(2, 1, 4), data(3, 1)],
    }),
  ),
  ...["GreaterOrEqual", "Less"].map((op) => ({ op, feeds: [data(2), data(2)] })),
  ...["Sum", "Mean", "Max", "Min"].map((op) => ({ op, feeds: [data(2, 3), data(3), data(1)] })),
  { op: "Mod", feeds: [i64([5, -5]), i64([3, 3])] },
  { op: "Mod", feeds: [data(2), data(2)], attributes: { fmod: int(1) } },
  ...["And", "Or", "Xor"].map((op) => ({ op, feeds: [bools(1, 0), bools(1, 1)] })),
  { op: "Not", feeds: [bools(1, 0)] },
  ...["BitwiseAnd", "BitwiseOr", "BitwiseXor"].map((op) => ({ op, feeds: [bytes(6), bytes(3)] })),
  { op: "BitwiseNot", feeds: [bytes(6)] },
  { op: "BitShift", feeds: [bytes(6), bytes(1)], attributes: { direction: text("RIGHT") } },
  { op: "Where", feeds: [bools(1, 0, 1), data(2, 3), scalar(1)] },
  { op: "Cast", feeds: [data(2, 3)], attributes: { to: int(7) } },
  { op: "CastLike", feeds: [data(2, 3), i64([1])] },
  { op: "Clip", feeds: [data(2, 3), undefined, scalar(1)] },
  { op: "Dropout", feeds: [data(2, 3)] },
  { op: "CumSum", feeds: [data(2, 3)], constants: { 1: i64([1], []) } },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(elementwise).filter((op) => !covered.has(op))).toEqual([]);
});

test.for<[string, OperatorCase]>([
  ["do not broadcast", { op: "Add", feeds: [data(2), data(3)] }],
  ["one dtype", { op: "Add", feeds: [data(2), i64([1, 2])] }],
  ["expected bool", { op: "Not", feeds: [data(2)] }],
  ["expected float32", { op: "Exp", feeds: [i64([1])] }],
  ["must name a dtype", { op: "Cast", feeds: [f32([1])], attributes: { to: int(99) } }],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
