import type { Graph } from "@edgeloop/core/graph";
import { encodeOnnx } from "@edgeloop/core/graph";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import type { CalibrationData, Ranges } from "@edgeloop/core/quantize";
import {
  calibrate,
  excludeWithin,
  layerNoise,
  layersOf,
  quantize,
  quantizeDynamic,
  quantizeWeightOnly,
  tensorNoise,
} from "@edgeloop/core/quantize";
import { openSession } from "@edgeloop/core/runtime/node";
import type { Context, Run } from "../command.ts";
import { readBackend } from "../model/backend.ts";
import { exampleBatches } from "../model/example-batches.ts";
import type { ExampleTensors } from "../model/example-file.ts";
import { pickExamples, readExamples } from "../model/example-file.ts";
import { readModel, writeModel } from "../model/model-file.ts";
import type { QuantizeSettings } from "../model/quantize-options.ts";
import { excludedNodes, quantizeSettings } from "../model/quantize-options.ts";
import type { QuantizeReport } from "../model/quantize-report.ts";
import { decibels, reportJson, showReport } from "../model/quantize-report.ts";
import type { Results } from "../model/verdict.ts";
import {
  agreement,
  classesOf,
  differenceOf,
  judged,
  largestOf,
  resultsOf,
} from "../model/verdict.ts";
import { integerOption, textOption } from "../options.ts";

/** Examples that calibration and measuring use at most, unless told. */
const examplesMax = 512;

/**
 * Quantizes a model: int8 throughout with ranges from data, int8 with ranges of the moment, or its weights alone.
 *
 * @throws `FILE_MISSING`, `USAGE`, `DATA_INVALID`, `RANGE_INVALID`, `BUDGET_MISSED`.
 */
export const run: Run = async (context, [model = ""], options) => {
  const settings = quantizeSettings(options);
  const output = textOption(options, "output");
  const backend = await readBackend(textOption(options, "backend"));
  const rowsMax = integerOption(options, "examples", { min: 1, max: 1e6, fallback: examplesMax });
  const graph = await readModel(model);
  const excluded = excludedNodes(graph, settings.exclude);
  const examples =
    settings.calibration === undefined
      ? undefined
      : await readExamples(settings.calibration, graph, [], ["target"]);
  const cut = examples && exampleBatches(graph, examples, rowsMax);
  const data: CalibrationData = {
    batches: cut?.batches ?? [],
    open: async (opened) => await openSession(opened, { backend }),
    signal: context.signal,
  };
  const task: Task = {
    ...{ context, settings, graph, data },
    ...(examples && cut ? { examples: pickExamples(examples, cut.rows) } : {}),
    exact: once(() => resultsIn(data, graph)),
  };
  const make = await makerOf(task, excluded);
  const chosen = await chooseFloat(task, { make, excluded });
  const quantized = make(chosen.exclude);
  const report =
    settings.report === false ? undefined : await measure(task, { make, excluded, quantized });
  await writeModel(output, quantized);
  const loss = task.examples ? await lossesOf(task, quantized) : undefined;
  const bytes = { before: encodeOnnx(graph).length, after: encodeOnnx(quantized).length };
  const result = reportJson({
    ...{ format: 1, output, form: settings.form, backend, bytes, examples: cut?.rows.length ?? 0 },
    ...{ leftInFloat: chosen.exclude, ...(chosen.budget ? { budget: chosen.budget } : {}) },
    ...(loss ? { loss } : {}),
    ...(report ? { report } : {}),
  });
  if (typeof settings.report === "string") {
    await writeFileAtomic(settings.report, new TextEncoder().encode(`${JSON.stringify(result)}\n`));
  }
  if (report) showReport(context, report);
  show(context, { output, bytes, loss, leftInFloat: chosen.exclude });
  return result;
};

type Task = {
  readonly context: Context;
  readonly settings: QuantizeSettings;
  readonly graph: Graph;
  readonly data: CalibrationData;
  /** The same rows as the batches of `data`. */
  readonly examples?: ExampleTensors;
  /** Results of the float model. */
  readonly exact: () => Promise<Results>;
};

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Makes the quantized graph in which some nodes stay in float. */
type Make = (exclude: readonly string[]) => Graph;

/** Counts runs aloud. */
function counting({ context, data }: Task, what: string, total: number): CalibrationData {
  let done = 0;
  return {
    ...data,
    onRun: () => {
      done += 1;
      context.progress(`${what}: ${done} of ${total}`);
    },
  };
}

async function makerOf(task: Task, excluded: readonly string[]): Promise<Make> {
  const { settings, graph, data } = task;
  const { form, options } = settings;
  switch (form.kind) {
    case "dynamic":
      return (exclude) => quantizeDynamic(graph, { exclude });
    case "weights":
      return (exclude) => quantizeWeightOnly(graph, { exclude, weights: form.weights });
    case "static": {
      const every = settings.accuracyBudget !== undefined || settings.report !== false;
      const passes = form.method === "entropy" ? 2 : 1;
      const ranges: Ranges = await calibrate(
        graph,
        counting(task, "calibrating, batch", passes * data.batches.length),
        { ...options, exclude: excluded, method: form.method, every },
      );
      return (exclude) => quantize(graph, ranges, { ...options, exclude });
    }
  }
}

/** Which layers can be left in float one by one. */
const candidatesOf = ({ graph, settings }: Task, excluded: readonly string[]) =>
  layersOf(graph, { ...settings.options, exclude: excluded });

async function rank(
  task: Task,
  { make, excluded }: { readonly make: Make; readonly excluded: readonly string[] },
) {
  const layers = candidatesOf(task, excluded);
  const names = layers.map(({ name }) => name);
  const alone = ({ name }: { readonly name: string }): Graph =>
    make([...excluded, ...names.filter((other) => other !== name)]);
  const data = counting(task, "measuring, layer", layers.length);
  return await layerNoise(task.graph, { layers, alone }, data);
}

type Chosen = {
  readonly exclude: readonly string[];
  readonly budget?: { readonly loss: number; readonly lossOfAll: number };
};

async function chooseFloat(
  task: Task,
  { make, excluded }: { readonly make: Make; readonly excluded: readonly string[] },
): Promise<Chosen> {
  const { accuracyBudget } = task.settings;
  if (accuracyBudget === undefined) return { exclude: excluded };
  const ranked = await rank(task, { make, excluded });
  const worstFirst = ranked.map(({ name }) => name);
  const { exclude, loss, lossOfAll } = await excludeWithin(
    worstFirst,
    accuracyBudget,
    async (more) => (await lossesOf(task, make([...excluded, ...more]))).loss,
  );
  return { exclude: [...excluded, ...exclude], budget: { loss, lossOfAll } };
}

async function measure(
  task: Task,
  parts: { readonly make: Make; readonly excluded: readonly string[]; readonly quantized: Graph },
): Promise<QuantizeReport> {
  const { graph, data } = task;
  const counted = counting(task, "comparing tensors, batch", data.batches.length);
  const tensors = await tensorNoise(graph, parts.quantized, counted);
  return { tensors, layers: await rank(task, parts) };
}

/** What quantization costs on the examples. */
type Losses = {
  /** What a budget limits: accuracy lost where classes are known, else the relative error of the results. */
  readonly loss: number;
  readonly accuracy?: { readonly before: number; readonly after: number };
  readonly relativeError: number;
  readonly agreement: number;
};

async function lossesOf(task: Task, quantized: Graph): Promise<Losses> {
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

async function resultsIn(data: CalibrationData, graph: Graph): Promise<Results> {
  const session = await data.open(graph);
  try {
    return await resultsOf(session, data.batches);
  } finally {
    await session.dispose();
  }
}

function show(
  { say }: Context,
  {
    output,
    bytes,
    loss,
    leftInFloat,
  }: {
    readonly output: string;
    readonly bytes: { readonly before: number; readonly after: number };
    readonly loss: Losses | undefined;
    readonly leftInFloat: readonly string[];
  },
): void {
  if (leftInFloat.length > 0) say(`left in float: ${leftInFloat.join(", ")}`);
  if (loss?.accuracy) {
    const [before, after] = [loss.accuracy.before, loss.accuracy.after].map(percent);
    say(`accuracy ${before} before, ${after} after`);
  }
  if (loss) {
    const noise = decibels(-20 * Math.log10(loss.relativeError));
    say(`results: signal to noise ${noise}, the same place largest in ${percent(loss.agreement)}`);
  }
  const share = percent(bytes.after / bytes.before);
  say(`wrote ${output}: ${bytes.after} bytes, ${share} of ${bytes.before}`);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
