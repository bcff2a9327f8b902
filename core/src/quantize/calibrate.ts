import type { Graph } from "../graph/graph.ts";
import type { Tensors } from "../graph/tensor.ts";
import type { Session } from "../runtime/session.ts";
import type { Histogram, HistogramBuilder } from "../statistics/histogram.ts";
import { histogramBuilder } from "../statistics/histogram.ts";
import type { Range } from "./int8-params.ts";
import { addMagnitudes, cutRange, entropyThreshold, magnitudes } from "./magnitudes.ts";
import type { Observation, QuantizationOptions } from "./observe.ts";
import { observe, observeEvery } from "./observe.ts";
import type { RangeMethod, Ranges } from "./ranges.ts";
import { rangesOf } from "./ranges.ts";

/**
 * How ranges are taken from data: those of `rangesOf`, or `entropy`, which needs every batch twice: what is cut off
 * depends on counts in even bins, whose width is known when everything was seen once.
 */
export type CalibrationMethod = RangeMethod | "entropy";

/** What `calibrate` is asked for beside what `quantize` needs to know. */
export type CalibrationOptions = QuantizationOptions & {
  /** `mse` when absent. */
  readonly method?: CalibrationMethod;
  /** Whether every float value gets a range, so that other layers may be excluded later without calibrating again. */
  readonly every?: boolean;
};

/** Representative inputs, and what runs them. */
export type CalibrationData = {
  /** Feeds of the model, a run each. */
  readonly batches: readonly Tensors[];
  /** Opens a graph on the backend that calibrates. */
  readonly open: (graph: Graph) => Promise<Session>;
  /** Called after each run of a batch. */
  readonly onRun?: () => void;
  readonly signal?: AbortSignal;
};

/**
 * Runs a float graph on representative data and takes the ranges that `quantize` needs.
 *
 * @throws `RANGE_INVALID` for a value that is not finite or without any data, and what running throws.
 */
export async function calibrate(
  graph: Graph,
  data: CalibrationData,
  options: CalibrationOptions = {},
): Promise<Ranges> {
  const { method = "mse" } = options;
  const seen = await activationHistograms(graph, data, options);
  const needed = new Set(observe(graph, options).observed);
  const histograms = Object.fromEntries(
    Object.entries(seen).filter(([name, found]) => needed.has(name) || isUsable(found)),
  );
  if (method !== "entropy") return rangesOf(histograms, method, options);
  const widest = rangesOf(histograms, "minmax");
  const counted = new Map(Object.entries(widest).map(([name, range]) => [name, magnitudes(range)]));
  await watch(graph, data, {
    options,
    onValues: (name, values) => {
      const into = counted.get(name);
      if (into) addMagnitudes(into, values);
    },
  });
  return Object.fromEntries(
    Object.entries(widest).map(([name, range]) => {
      const found = counted.get(name) ?? magnitudes(range);
      return [name, cutRange(range, entropyThreshold(found, levelsOf(range, options)))];
    }),
  );
}

const isUsable = ({ count, notFinite }: Histogram): boolean => count > 0 && notFinite === 0;

/** Integers for magnitudes: all of them when values have one sign and zero may lie at the end. */
const levelsOf = ({ min, max }: Range, { symmetric = false }: QuantizationOptions): number =>
  !symmetric && (min >= 0 || max <= 0) ? 256 : 128;

/** Runs a float graph on representative data and counts the values that become integers; histograms can be merged. */
export async function activationHistograms(
  graph: Graph,
  data: CalibrationData,
  options: CalibrationOptions = {},
): Promise<Readonly<Record<string, Histogram>>> {
  const builders = new Map<string, HistogramBuilder>();
  for (const name of observationOf(graph, options).observed) builders.set(name, histogramBuilder());
  await watch(graph, data, {
    options,
    onValues: (name, values) => builders.get(name)?.add(values),
  });
  return Object.fromEntries([...builders].map(([name, builder]) => [name, builder.histogram()]));
}

const observationOf = (graph: Graph, options: CalibrationOptions): Observation =>
  options.every === true ? observeEvery(graph) : observe(graph, options);

async function watch(
  graph: Graph,
  { batches, open, onRun, signal }: CalibrationData,
  {
    options,
    onValues,
  }: {
    readonly options: CalibrationOptions;
    readonly onValues: (name: string, values: Float32Array) => void;
  },
): Promise<void> {
  const observation = observationOf(graph, options);
  if (observation.observed.length === 0) return;
  const session = await open(observation.graph);
  try {
    for (const feeds of batches) {
      signal?.throwIfAborted();
      const outputs = await session.run(feeds, observation.observed);
      for (const [name, tensor] of Object.entries(outputs)) {
        if (tensor.dtype === "float32") onValues(name, tensor.data);
      }
      onRun?.();
    }
  } finally {
    await session.dispose();
  }
}
