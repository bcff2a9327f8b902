import type { Graph } from "@edgeloop/core/graph";
import type { CalibrationData, Layer } from "@edgeloop/core/quantize";
import { layersOf } from "@edgeloop/core/quantize";
import type { Context } from "../command.ts";
import type { ExampleTensors } from "./example-file.ts";
import type { QuantizeSettings } from "./quantize-options.ts";
import type { Results } from "./verdict.ts";
import { agreement, classesOf, differenceOf, judged, largestOf, resultsOf } from "./verdict.ts";

/** A model that is being quantized, and what it is measured on. */
export type QuantizeTask = {
  readonly context: Context;
  readonly settings: QuantizeSettings;
  readonly graph: Graph;
  readonly data: CalibrationData;
  /** The same rows as the batches of `data`. */
  readonly examples?: ExampleTensors;
  /** Results of the float model. */
  readonly exact: () => Promise<Results>;
};

/** Makes something when it is first asked for. */
export function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Counts runs aloud. */
export function counting(
  { context, data }: QuantizeTask,
  what: string,
  total: number,
): CalibrationData {
  let done = 0;
  return {
    ...data,
    onRun: () => {
      done += 1;
      context.progress(`${what}: ${done} of ${total}`);
    },
  };
}

/** Which layers can be left in float one by one. */
export const candidatesOf = (
  { graph, settings }: QuantizeTask,
  excluded: readonly string[],
): readonly Layer[] => layersOf(graph, { ...settings.options, exclude: excluded });

/** What quantization costs on the examples. */
export type Losses = {
  /** What a budget limits: accuracy lost where classes are known, else the relative error of the results. */
  readonly loss: number;
  readonly accuracy?: { readonly before: number; readonly after: number };
  readonly relativeError: number;
  readonly agreement: number;
};

/** Measures a quantized model beside the float one. */
export async function lossesOf(task: QuantizeTask, quantized: Graph): Promise<Losses> {
  const { graph, examples, data } = task;
  const [before, after] = [await task.exact(), await resultsIn(data, quantized)];
  const [a, b] = [before, after].map((results) => largestOf(judged(graph, results)));
  const { relative } = differenceOf(before, after);
  const common = { relativeError: relative, agreement: agreement(a ?? [], b ?? []) };
  const classes = classesOf(examples?.tensors["target"], a?.length ?? 0);
  if (classes === undefined) return { loss: relative, ...common };
  const accuracy = { before: agreement(classes, a ?? []), after: agreement(classes, b ?? []) };
  return { loss: accuracy.before - accuracy.after, accuracy, ...common };
}

/** Runs a graph on all batches. */
export async function resultsIn(data: CalibrationData, graph: Graph): Promise<Results> {
  const session = await data.open(graph);
  try {
    return await resultsOf(session, data.batches);
  } finally {
    await session.dispose();
  }
}
