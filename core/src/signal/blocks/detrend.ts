import { f32 } from "../../graph/tensor.ts";
import type { BlockRow } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";

/** Takes each window's own straight line (least squares) from each channel. */
export type DetrendBlock = { readonly kind: "detrend" };

export const detrend: BlockRow<DetrendBlock> = {
  parse: () => ({ kind: "detrend" }),
  apply(stage) {
    const { length, builder } = stage;
    if (length < 2) throw pipelineInvalid("detrend: a line needs at least 2 samples", { length });
    // The trend is the projection on two orthonormal functions: the constant and the centred time.
    const centre = (length - 1) / 2;
    const norm = Math.sqrt((length * (length * length - 1)) / 12);
    const basis = Array.from({ length }, (_, t) => [1 / Math.sqrt(length), (t - centre) / norm]);
    const columns = builder.constant(f32(basis.flat(), [length, 2]), "detrend/basis");
    const rows = [0, 1].flatMap((k) => basis.map((at) => at[k] ?? 0));
    const transposed = builder.constant(f32(rows, [2, length]), "detrend/basis");
    const trend = append(append(stage, "MatMul", [columns]), "MatMul", [transposed]);
    return append(stage, "Sub", [trend.value]);
  },
};
