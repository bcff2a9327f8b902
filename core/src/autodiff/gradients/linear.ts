import { floatOf, intOf } from "../../graph/attributes.ts";
import { float, int, ints } from "../../graph/builder.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { range, reshapeLike, sumLike, sumOver } from "../shapes.ts";

type Operand = { readonly name: string; readonly isVector: boolean; readonly rank: number };

/** Reads an operand as a matrix: a vector is a row on the left and a column on the right. */
function operand(c: RuleContext, index: 0 | 1): Operand & { readonly matrix: () => string } {
  const name = c.x(index);
  const rank = c.dims(name).length;
  const isVector = rank === 1;
  const matrix = (): string => (isVector ? c.op("Unsqueeze", [name, c.ints([index])]) : name);
  return { name, isVector, rank: Math.max(rank, 2), matrix };
}

const swapLast = (c: RuleContext, value: string, rank: number): string =>
  c.op("Transpose", [value], { perm: ints([...range(0, rank - 2), rank - 1, rank - 2]) });

/** Lays a batch of matrices under each other; undefined when the row length is not known. */
function rows(c: RuleContext, name: string, value: string): string | undefined {
  const last = c.dims(name).at(-1);
  return typeof last === "number" ? c.op("Reshape", [value, c.ints([-1, last])]) : undefined;
}

const matmul: Rule = (c) => {
  const [a, b] = [operand(c, 0), operand(c, 1)];
  const vectors = [a, b].filter((each) => each.isVector).length;
  const dims = c.dims(c.y);
  const batch = dims.slice(0, dims.length - 2 + vectors);
  const up = (): string => {
    const column = b.isVector ? c.op("Unsqueeze", [c.up, c.ints([-1])]) : c.up;
    return a.isVector ? c.op("Unsqueeze", [column, c.ints([-2])]) : column;
  };
  const shaped = (product: string, { name, isVector }: Operand): string =>
    isVector
      ? reshapeLike(c, sumOver(c, product, range(0, batch.length)), name)
      : sumLike(c, product, [...batch, ...c.dims(name).slice(-2)], name);
  return [
    () => shaped(c.op("MatMul", [up(), swapLast(c, b.matrix(), b.rank)]), a),
    () => {
      // A weight shared by a batch: one product over all rows instead of a sum of products.
      const shared = vectors === 0 && b.rank === 2 && a.rank > 2;
      const [left, right] = shared ? [rows(c, a.name, a.name), rows(c, c.y, c.up)] : [];
      return left !== undefined && right !== undefined
        ? c.op("Gemm", [left, right], { transA: int(1) })
        : shaped(c.op("MatMul", [swapLast(c, a.matrix(), a.rank), up()]), b);
    },
  ];
};

const gemm: Rule = (c) => {
  const [transA, transB] = [intOf(c.node, "transA", 0), intOf(c.node, "transB", 0)];
  const alpha = float(floatOf(c.node, "alpha", 1));
  const beta = floatOf(c.node, "beta", 1);
  const product = (left: string, right: string, transposed: readonly [number, number]): string =>
    c.op("Gemm", [left, right], { alpha, transA: int(transposed[0]), transB: int(transposed[1]) });
  const [a, b] = [c.x(0), c.x(1)];
  return [
    () => (transA === 1 ? product(b, c.up, [transB, 1]) : product(c.up, b, [0, 1 - transB])),
    () => (transB === 1 ? product(c.up, a, [1, transA]) : product(a, c.up, [1 - transA, 0])),
    () => {
      const sum = sumLike(c, c.up, c.dims(c.y), c.x(2));
      return beta === 1 ? sum : c.op("Mul", [sum, c.number(beta)]);
    },
  ];
};

/** Matrix products. */
export type LinearOp = "MatMul" | "Gemm";

/** Gradients of matrix products. */
export const linear: Readonly<Record<LinearOp, Rule>> = { MatMul: matmul, Gemm: gemm };
