import { ints } from "../../graph/builder.ts";
import type { BlockRow } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";

/** Averages over a sliding stretch around each sample; at the ends over what is inside. */
export type MovingAverageBlock = {
  readonly kind: "moving-average";
  /** Length of the stretch; an even one reaches one sample further back than ahead. */
  readonly samples: number;
};

export const movingAverage: BlockRow<MovingAverageBlock> = {
  parse: (fields) => ({ kind: "moving-average", samples: fields.count("samples") }),
  apply(stage, { samples }) {
    if (samples > stage.length) {
      throw pipelineInvalid(`moving-average: ${samples} samples of ${stage.length}`, { samples });
    }
    const pads = [Math.floor(samples / 2), Math.floor((samples - 1) / 2)];
    return append(stage, "AveragePool", [], { kernel_shape: ints([samples]), pads: ints(pads) });
  },
};
