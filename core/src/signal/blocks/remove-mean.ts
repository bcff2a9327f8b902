import { int } from "../../graph/builder.ts";
import { i64 } from "../../graph/tensor.ts";
import type { BlockRow } from "../block.ts";
import { append } from "../block.ts";

/** Takes each window's own mean from each channel: gravity, offset. */
export type RemoveMeanBlock = { readonly kind: "remove-mean" };

export const removeMean: BlockRow<RemoveMeanBlock> = {
  parse: () => ({ kind: "remove-mean" }),
  apply(stage) {
    const last = stage.builder.constant(i64([-1]), "remove-mean/axis");
    const mean = append(stage, "ReduceMean", [last], { keepdims: int(1) });
    return append(stage, "Sub", [mean.value]);
  },
};
