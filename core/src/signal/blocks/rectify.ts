import type { BlockRow } from "../block.ts";
import { append } from "../block.ts";

/** Takes absolute values. Followed by `moving-average` it gives the envelope. */
export type RectifyBlock = { readonly kind: "rectify" };

export const rectify: BlockRow<RectifyBlock> = {
  parse: () => ({ kind: "rectify" }),
  apply: (stage) => append(stage, "Abs"),
};
