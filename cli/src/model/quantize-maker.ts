import type { Graph } from "@edgeloop/core/graph";
import type { BiasCorrection, Ranges } from "@edgeloop/core/quantize";
import {
  calibrate,
  correctBias,
  quantize,
  quantizeDynamic,
  quantizeWeightOnly,
} from "@edgeloop/core/quantize";
import type { QuantizeTask } from "./quantize-task.ts";
import { candidatesOf, counting } from "./quantize-task.ts";

/** Makes the quantized graph in which some nodes stay in float. */
export type Make = (exclude: readonly string[]) => Graph;

/** How graphs are quantized, and the ranges where they are fixed. */
export type Maker = { readonly make: Make; readonly ranges?: Ranges };

/** Finds out how a model is quantized: with ranges from the data, where the form needs them. */
export async function makerOf(task: QuantizeTask, excluded: readonly string[]): Promise<Maker> {
  const { settings, graph, data } = task;
  const { form, options } = settings;
  switch (form.kind) {
    case "dynamic":
      return { make: (exclude) => quantizeDynamic(graph, { exclude }) };
    case "weights":
      return { make: (exclude) => quantizeWeightOnly(graph, { exclude, weights: form.weights }) };
    case "static": {
      const every = settings.accuracyBudget !== undefined || settings.report !== false;
      const passes = form.method === "entropy" ? 2 : 1;
      const ranges: Ranges = await calibrate(
        graph,
        counting(task, "calibrating, batch", passes * data.batches.length),
        { ...options, exclude: excluded, method: form.method, every },
      );
      return { ranges, make: (exclude) => quantize(graph, ranges, { ...options, exclude }) };
    }
  }
}

/** With `--correct-bias`, quantizes the graph whose biases make up for what rounding does to means. */
export async function correctedMaker(
  task: QuantizeTask,
  { make, ranges }: Maker,
  excluded: readonly string[],
): Promise<{
  readonly make: Make;
  readonly corrected?: Pick<BiasCorrection, "corrected" | "skipped">;
}> {
  const { settings, graph } = task;
  if (!settings.correctBias || ranges === undefined) return { make };
  const { options } = settings;
  const layers = candidatesOf(task, excluded);
  const data = counting(task, "correcting biases, layer", layers.length);
  const found = await correctBias(graph, data, { ...options, exclude: excluded, ranges });
  return {
    make: (exclude) => quantize(found.graph, ranges, { ...options, exclude }),
    corrected: { corrected: found.corrected, skipped: found.skipped },
  };
}
