import type { Graph, Tensor } from "@edgeloop/core/graph";
import { calibrate, quantize } from "@edgeloop/core/quantize";
import type { Session } from "@edgeloop/core/runtime";
import type { Examples } from "../train/examples.ts";
import { selectExamples } from "../train/examples.ts";

/** Windows of one calibration run. */
const batchWindows = 64;

/**
 * Quantizes a trained model to int8: runs it on recorded windows, watches the activations, takes their ranges.
 *
 * @param examples Recorded windows, at most `windowsMax` of which are used, spread evenly.
 */
export async function quantizeModel(
  graph: Graph,
  examples: Examples,
  options: {
    readonly open: (graph: Graph) => Promise<Session>;
    readonly windowsMax: number;
  },
): Promise<Graph> {
  const batches = batchesOf(spread(examples, options.windowsMax)).map((window) => ({ window }));
  const ranges = await calibrate(graph, { batches, open: options.open }, { method: "percentile" });
  return quantize(graph, ranges);
}

/** Takes examples at even distances. */
export function spread(examples: Examples, max: number): Examples {
  const total = examples.labels.length;
  const count = Math.min(total, max);
  const indices = Array.from({ length: count }, (_, index) => Math.floor((index * total) / count));
  return selectExamples(examples, indices);
}

function batchesOf({ data, labels, lengthSamples, channels }: Examples): readonly Tensor[] {
  const size = lengthSamples * channels;
  const batches: Tensor[] = [];
  for (let start = 0; start < labels.length; start += batchWindows) {
    const count = Math.min(batchWindows, labels.length - start);
    const rows = data.slice(start * size, (start + count) * size);
    batches.push({ dtype: "float32", shape: [count, lengthSamples, channels], data: rows });
  }
  return batches;
}
