import type { Attributes, GraphBuilder } from "../graph/builder.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Fields } from "./fields.ts";

/** A window on its way through a pipeline: a value `[N, channel, length]`. */
export type Stage = {
  readonly builder: GraphBuilder;
  readonly value: string;
  /** Names of the channels, in order. */
  readonly channels: readonly string[];
  /** Samples, or whatever else runs along the last axis. */
  readonly length: number;
};

/** A kind of block: how its options are read and what it adds to the graph. */
export type BlockRow<Block> = {
  /** @throws `PIPELINE_INVALID` naming the option. */
  parse(fields: Fields): Block;
  /** @throws `PIPELINE_INVALID` when the block does not suit what comes in. */
  apply(stage: Stage, block: Block): Stage;
};

/** Adds an operator whose first input is the stage's value. */
export function append(
  stage: Stage,
  op: string,
  rest: readonly string[] = [],
  attributes: Attributes = {},
): Stage {
  return { ...stage, value: stage.builder.add(op, [stage.value, ...rest], { attributes }) };
}

/** Makes the error for a pipeline that cannot be read or built. */
export const pipelineInvalid = (
  message: string,
  details: Readonly<Record<string, unknown>> = {},
): EdgeloopError => new EdgeloopError("PIPELINE_INVALID", message, { details });
