import type { Graph, Tensor } from "@edgeloop/core/graph";
import { observe, quantize, rangesOf } from "@edgeloop/core/quantize";
import type { Session } from "@edgeloop/core/runtime";
import type { HistogramBuilder } from "@edgeloop/core/statistics";
import { histogramBuilder } from "@edgeloop/core/statistics";
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
  const observation = observe(graph);
  const histograms = new Map<string, HistogramBuilder>(
    observation.observed.map((name) => [name, histogramBuilder()]),
  );
  const session = await options.open(observation.graph);
  try {
    for (const batch of batchesOf(spread(examples, options.windowsMax))) {
      const outputs = await session.run({ window: batch }, observation.observed);
      for (const [name, histogram] of histograms) {
        const values = outputs[name];
        if (values?.dtype === "float32") histogram.add(values.data);
      }
    }
  } finally {
    await session.dispose();
  }
  const found = [...histograms].map(([name, histogram]) => [name, histogram.histogram()] as const);
  return quantize(graph, rangesOf(Object.fromEntries(found), "percentile"));
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
