import type { Graph } from "@edgeloop/core/graph";
import { compose, simplify } from "@edgeloop/core/graph";
import type { Pipeline } from "@edgeloop/core/signal";
import { features, parsePipeline } from "@edgeloop/core/signal";
import { cnn } from "../architectures/cnn.ts";
import type { Problem } from "../problem/problem.ts";
import type { Scaling } from "./scaling.ts";

/**
 * Puts the declared features and the architecture together into one graph, so that training and serving cannot differ.
 *
 * Input `window` `[N, time, channel]` in the sensor's units; output `scores` `[N, class]`.
 *
 * @param scaling Constants of the input scaling, which follows the declared blocks.
 */
export function modelGraph(problem: Problem, scaling: Scaling, seed: number): Graph {
  const shape = { channels: problem.sensor.channels.length, length: problem.window.lengthSamples };
  const front = features(pipelineOf(problem, scaling), {
    channels: problem.sensor.channels.map((channel) => channel.name),
    lengthSamples: shape.length,
  });
  const [, channels = shape.channels, length = shape.length] = front.outputs[0]?.shape ?? [];
  const back = cnn(problem.model, {
    channels: Number(channels),
    length: Number(length),
    classes: problem.classes.length,
    seed,
  });
  return simplify({ ...compose(front, back), name: problem.name });
}

/**
 * The whole pipeline as data: what the problem declares, then the fitted scaling.
 *
 * @throws `PIPELINE_INVALID` naming the block.
 */
export const pipelineOf = (problem: Problem, scaling: Scaling): Pipeline =>
  parsePipeline([...problem.features, { kind: "standardize", ...scaling }]);
