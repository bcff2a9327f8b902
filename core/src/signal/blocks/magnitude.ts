import { int } from "../../graph/builder.ts";
import { i64 } from "../../graph/tensor.ts";
import type { BlockRow } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";

/** Appends the Euclidean length of some channels as one more, which does not change when a sensor is turned. */
export type MagnitudeBlock = {
  readonly kind: "magnitude";
  readonly of: readonly string[];
  /** Name of the new channel. */
  readonly name: string;
};

export const magnitude: BlockRow<MagnitudeBlock> = {
  parse: (fields) => ({
    kind: "magnitude",
    of: fields.texts("of"),
    name: fields.text("name", "magnitude"),
  }),
  apply(stage, { of, name }) {
    const { builder, channels } = stage;
    const indices = of.map((channel) => channels.indexOf(channel));
    const missing = of.find((channel) => !channels.includes(channel));
    if (missing !== undefined || channels.includes(name)) {
      const problem = missing === undefined ? `${name} is taken` : `there is no channel ${missing}`;
      throw pipelineInvalid(`magnitude: ${problem}`, { of, name, channels });
    }
    const chosen = builder.constant(i64(indices), "magnitude/channels");
    const axis = builder.constant(i64([1]), "magnitude/axis");
    const parts = append(stage, "Gather", [chosen], { axis: int(1) });
    const length = append(parts, "ReduceL2", [axis], { keepdims: int(1) });
    const joined = append(stage, "Concat", [length.value], { axis: int(1) });
    return { ...joined, channels: [...channels, name] };
  },
};
