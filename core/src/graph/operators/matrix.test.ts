import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, text } from "../builder.ts";
import { inferValues } from "../infer.ts";
import { scalar } from "../tensor.ts";
import { matrix } from "./matrix.ts";

const cases: readonly OperatorCase[] = [
  { op: "MatMul", feeds: [data(2, 3), data(3, 4)] },
  { op: "MatMul", feeds: [data(5, 1, 2, 3), data(4, 3, 2)] },
  { op: "MatMul", feeds: [data(3), data(3, 4)] },
  { op: "MatMul", feeds: [data(2, 3), data(3)] },
  { op: "Gemm", feeds: [data(2, 3), data(3, 4), data(4)] },
  { op: "Gemm", feeds: [data(3, 2), data(4, 3)], attributes: { transA: int(1), transB: int(1) } },
  { op: "Gemm", feeds: [data(2, 3), data(3, 4), scalar(1)] },
  {
    op: "Einsum",
    feeds: [data(1, 3, 2, 4), data(2, 1, 4, 5)],
    attributes: { equation: text("...ij,...jk->...ik") },
  },
  { op: "Einsum", feeds: [data(2, 3), data(4, 3)], attributes: { equation: text("ij, kj -> ik") } },
  { op: "Einsum", feeds: [data(2, 3), data(3, 2)], attributes: { equation: text("ba,ac") } },
];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("every row of the table has a case", () => {
  const covered = new Set(cases.map(({ op }) => op));
  expect(Object.keys(matrix).filter((op) => !covered.has(op))).toEqual([]);
});

test("a named batch goes through a product", () => {
  const c = { op: "MatMul", feeds: [data(2, 3)], constants: { 1: data(3, 4) } };
  const graph = graphOf(c, (size, axis) => (axis === 0 ? "N" : size));
  expect(inferValues(graph).get("matmul")?.shape).toEqual(["N", 4]);
});

test.for<[string, OperatorCase]>([
  [
    "inner dimensions must be equal, not 3 and 2",
    { op: "MatMul", feeds: [data(2, 3), data(2, 4)] },
  ],
  ["scalars", { op: "MatMul", feeds: [scalar(1), data(2)] }],
  ["batch dimensions", { op: "MatMul", feeds: [data(2, 2, 2), data(3, 2, 2)] }],
  ["rank 3, expected 2", { op: "Gemm", feeds: [data(1, 2, 3), data(3, 4)] }],
  ["bias [3]", { op: "Gemm", feeds: [data(2, 3), data(3, 4), data(3)] }],
  ["bias [2,4]", { op: "Gemm", feeds: [data(1, 3), data(3, 4), data(2, 4)] }],
  ["name the axes", { op: "Einsum", feeds: [data(2)], attributes: { equation: text("a->b") } }],
  ["name the axes", { op: "Einsum", feeds: [data(2)], attributes: { equation: text("a..") } }],
  [
    "sizes of j",
    { op: "Einsum", feeds: [data(2, 3), data(1, 2)], attributes: { equation: text("ij,...j") } },
  ],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
