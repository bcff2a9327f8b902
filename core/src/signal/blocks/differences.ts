import { i64 } from "../../graph/tensor.ts";
import type { BlockRow } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";

/** Takes each sample from the next; one sample fewer comes out. */
export type DifferencesBlock = { readonly kind: "differences" };

export const differences: BlockRow<DifferencesBlock> = {
  parse: () => ({ kind: "differences" }),
  apply(stage) {
    const { builder, length } = stage;
    if (length < 2) throw pipelineInvalid("differences: at least 2 samples are needed", { length });
    const at = (value: number): string => builder.constant(i64([value]), "differences/at");
    const axis = at(2);
    const later = append(stage, "Slice", [at(1), at(length), axis]);
    const earlier = append(stage, "Slice", [at(0), at(length - 1), axis]);
    return { ...append(later, "Sub", [earlier.value]), length: length - 1 };
  },
};
