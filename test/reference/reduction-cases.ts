import { int } from "../../core/src/graph/builder.ts";
import { i64 } from "../../core/src/graph/tensor.ts";
import type { Maker } from "./case.ts";
import { caseOf } from "./case.ts";

const reducer =
  (op: string, positive = false): Maker =>
  (draw) => {
    const rank = draw.int(1, 4);
    const shape = draw.shape(rank);
    const x = positive ? draw.positive(shape) : draw.tensor(shape);
    const attributes = { keepdims: int(draw.int(0, 1)) };
    if (draw.int(0, 3) === 0) return caseOf(op, { x }, { attributes, symbolic: ["x"] });
    const picked = Array.from({ length: rank }, (_, axis) => axis).filter(draw.flip);
    const axes = picked.length === 0 ? [rank - 1] : picked;
    const signed = axes.map((axis) => (draw.flip() ? axis - rank : axis));
    return caseOf(
      op,
      { x, axes: i64(signed) },
      { attributes, constants: ["axes"], symbolic: ["x"] },
    );
  };

/** Random cases of reductions. */
export const reductionCases: Readonly<Record<string, Maker>> = {
  ReduceSum: reducer("ReduceSum"),
  ReduceMean: reducer("ReduceMean"),
  ReduceMax: reducer("ReduceMax"),
  ReduceMin: reducer("ReduceMin"),
  ReduceSumSquare: reducer("ReduceSumSquare"),
  ReduceL1: reducer("ReduceL1"),
  ReduceL2: reducer("ReduceL2"),
  ReduceProd: reducer("ReduceProd"),
  ReduceLogSum: reducer("ReduceLogSum", true),
  ReduceLogSumExp: reducer("ReduceLogSumExp"),
};
