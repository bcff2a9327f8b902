import { f32 } from "../../graph/tensor.ts";
import type { BlockRow } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";

/** Shifts and scales each channel by constants: `(x - mean) * scale`. */
export type StandardizeBlock = {
  readonly kind: "standardize";
  /** One a channel, in the channel's unit. */
  readonly mean: readonly number[];
  /** One a channel, per unit. */
  readonly scale: readonly number[];
};

export const standardize: BlockRow<StandardizeBlock> = {
  parse: (fields) => ({
    kind: "standardize",
    mean: fields.numbers("mean"),
    scale: fields.numbers("scale"),
  }),
  apply(stage, { mean, scale }) {
    const { channels, builder } = stage;
    if (mean.length !== channels.length || scale.length !== channels.length) {
      throw pipelineInvalid(`standardize: expected ${channels.length} means and scales`, {
        channels,
        means: mean.length,
        scales: scale.length,
      });
    }
    const column = (values: readonly number[], hint: string): string =>
      builder.constant(f32(values, [values.length, 1]), `standardize/${hint}`);
    const centred = mean.every((m) => m === 0)
      ? stage
      : append(stage, "Sub", [column(mean, "mean")]);
    return append(centred, "Mul", [column(scale, "scale")]);
  },
};
