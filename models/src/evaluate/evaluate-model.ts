import { EdgeloopError } from "@edgeloop/core/platform";
import type { Session } from "@edgeloop/core/runtime";
import type { SlicedConfusion } from "@edgeloop/core/statistics";
import { confusionMatrix } from "@edgeloop/core/statistics";
import type { Examples } from "../train/examples.ts";

/** Windows of one run: enough to keep the runtime busy, few enough to leave the event loop free. */
const batchWindows = 64;

/**
 * Classifies examples in batches.
 *
 * @param session Input `window` `[N, time, channel]`, output `scores` `[N, class]`.
 * @returns Predicted class index of each example.
 * @throws `MODEL_OUTPUT_INVALID` when the scores are not `[N, class]` in float32.
 */
export async function classify(session: Session, examples: Examples): Promise<Int32Array> {
  const { data, labels, lengthSamples, channels } = examples;
  const size = lengthSamples * channels;
  const predicted = new Int32Array(labels.length);
  for (let start = 0; start < labels.length; start += batchWindows) {
    const count = Math.min(batchWindows, labels.length - start);
    const window = {
      dtype: "float32",
      shape: [count, lengthSamples, channels],
      data: data.slice(start * size, (start + count) * size),
    } as const;
    const { scores } = await session.run({ window }, ["scores"]);
    const classes = scores?.shape[1];
    if (scores?.dtype !== "float32" || classes === undefined) {
      throw new EdgeloopError(
        "MODEL_OUTPUT_INVALID",
        "expected an output scores [N, class] float32",
      );
    }
    for (let row = 0; row < count; row += 1) {
      predicted[start + row] = largest(scores.data.subarray(row * classes, (row + 1) * classes));
    }
  }
  return predicted;
}

/** Index of the largest value; of equal ones the first. */
const largest = (values: Float32Array): number =>
  values.reduce((best, value, index) => (value > (values[best] ?? 0) ? index : best), 0);

/** Evaluates a model: confusion counts of each group. */
export async function evaluateModel(
  session: Session,
  examples: Examples,
  classes: readonly string[],
): Promise<SlicedConfusion> {
  const predicted = await classify(session, examples);
  const rows = Map.groupBy(examples.labels.keys(), (row) => examples.groups[row] ?? "");
  return Object.fromEntries(
    [...rows].map(([group, own]) => [
      group,
      confusionMatrix(
        classes,
        own.map((row) => [examples.labels[row] ?? 0, predicted[row] ?? 0] as const),
      ),
    ]),
  );
}
