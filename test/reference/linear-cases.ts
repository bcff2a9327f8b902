import { float, int } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import type { Maker } from "./case.ts";
import { caseOf, narrower } from "./case.ts";

const matmul: Maker = (draw) => {
  const [m, k, n] = draw.shape(3) as [number, number, number];
  const batch = draw.shape(draw.int(0, 2));
  const [one, two] = draw.of(
    [batch, []],
    [batch, batch],
    [batch, narrower(draw, batch)],
    [narrower(draw, batch), batch],
  );
  const a = draw.int(0, 5) === 0 ? [k] : [...one!, m, k];
  const b = draw.int(0, 5) === 0 ? [k] : [...two!, k, n];
  return caseOf(
    "MatMul",
    { a: draw.tensor(a), b: draw.tensor(b) },
    { symbolic: a.length > 2 ? ["a"] : [] },
  );
};

const gemm: Maker = (draw) => {
  const [m, k, n] = draw.shape(3) as [number, number, number];
  const [transA, transB] = [draw.int(0, 1), draw.int(0, 1)];
  const tensors: Record<string, Tensor> = {
    a: draw.tensor(transA === 1 ? [k, m] : [m, k]),
    b: draw.tensor(transB === 1 ? [n, k] : [k, n]),
  };
  if (draw.flip()) tensors["c"] = draw.tensor(draw.of([n], [m, n], [1, n], [m, 1], [1], []));
  const attributes = {
    transA: int(transA),
    transB: int(transB),
    alpha: float(draw.of(1, 0.5)),
    beta: float(draw.of(1, 2)),
  };
  return caseOf("Gemm", tensors, { attributes, symbolic: transA === 0 ? ["a"] : [] });
};

/** Random cases of matrix products. */
export const linearCases: Readonly<Record<string, Maker>> = {
  MatMul: matmul,
  Gemm: gemm,
};
