import { utf8 } from "@edgeloop/core/platform";
import { driftDetector, windowFeatureNames, windowFeatures } from "@edgeloop/core/statistics";
import { spread } from "../optimize/quantize-model.ts";
import type { Problem } from "../problem/problem.ts";
import type { Examples } from "../train/examples.ts";

/** Windows that stand for the laboratory. */
const profileWindows = 64;

/**
 * Describes the inputs that a model was made from: a drift detector's state after it has seen some of them.
 *
 * A gateway may start its detector from it, and anybody can read in it what the laboratory looked like.
 */
export function driftProfile(problem: Problem, examples: Examples): Uint8Array {
  const { channels, lengthSamples } = examples;
  const features = windowFeatureNames(problem.sensor.channels.map(({ name }) => name));
  const detector = driftDetector({ features });
  const some = spread(examples, profileWindows);
  const size = lengthSamples * channels;
  some.labels.forEach((_, row) => {
    detector.push(windowFeatures(some.data.subarray(row * size, (row + 1) * size), channels));
  });
  return utf8(JSON.stringify(detector.state));
}
