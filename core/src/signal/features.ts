import { graphBuilder, ints } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { BlockRow, Stage } from "./block.ts";
import { pipelineInvalid } from "./block.ts";
import type { Block, Pipeline } from "./pipeline.ts";
import { blocks } from "./pipeline.ts";

/** What a raw window holds. */
export type WindowInfo = {
  /** Names, in the order of the last axis. */
  readonly channels: readonly string[];
  readonly lengthSamples: number;
};

/**
 * Writes a pipeline as a graph, so that training and serving compute the same.
 *
 * Input `window` float32 `[N, time, channel]`, as sensors deliver it; output `features` `[N, channel', time']`, as
 * convolutions read it.
 *
 * @throws `PIPELINE_INVALID` when a block does not suit what comes to it.
 * @example
 * const graph = features([{ kind: "magnitude", of: ["x", "y"], name: "r" }], { channels: ["x", "y"], lengthSamples: 8 });
 * graph.outputs[0].shape; // => ["N", 3, 8]
 */
export function features(pipeline: Pipeline, { channels, lengthSamples }: WindowInfo): Graph {
  if (channels.length === 0 || !(Number.isInteger(lengthSamples) && lengthSamples > 0)) {
    throw pipelineInvalid("a window has at least one channel and one sample", {
      channels,
      lengthSamples,
    });
  }
  const builder = graphBuilder("features");
  builder.input({
    name: "window",
    dtype: "float32",
    shape: ["N", lengthSamples, channels.length],
  });
  const value = builder.add("Transpose", ["window"], { attributes: { perm: ints([0, 2, 1]) } });
  const first: Stage = { builder, value, channels, length: lengthSamples };
  const last = pipeline.reduce(applyBlock, first);
  builder.add("Identity", [last.value], { outputs: ["features"] });
  builder.output({
    name: "features",
    dtype: "float32",
    shape: ["N", last.channels.length, last.length],
  });
  return builder.build();
}

const applyBlock = (stage: Stage, block: Block): Stage =>
  (blocks[block.kind] as BlockRow<Block>).apply(stage, block);

/** Names the channels that come out of a pipeline. @throws `PIPELINE_INVALID` as `features` does. */
export function featureChannels(
  pipeline: Pipeline,
  { channels, lengthSamples }: WindowInfo,
): readonly string[] {
  const builder = graphBuilder("features");
  const value = builder.input({ name: "window", dtype: "float32" });
  return pipeline.reduce(applyBlock, { builder, value, channels, length: lengthSamples }).channels;
}
