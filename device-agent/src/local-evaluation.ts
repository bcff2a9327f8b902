import type {
  CalibrationResult,
  CalibrationTask,
  EvaluationResult,
  EvaluationTask,
  Plan,
  SliceConfusion,
} from "@edgeloop/cloud-sync";
import {
  attachWeights,
  decodeOnnx,
  decodeSafetensors,
  encodeOnnx,
  f32,
} from "@edgeloop/core/graph";
import { EdgeloopError, parseName } from "@edgeloop/core/platform";
import type { Session } from "@edgeloop/core/runtime";
import type { HistogramBuilder } from "@edgeloop/core/statistics";
import { histogramBuilder } from "@edgeloop/core/statistics";
import type { LearnerStart, ModelBytes } from "./learner-protocol.ts";
import type { Examples, OpenModel } from "./local-training.ts";

/** Windows that one run takes. */
const batchWindowsMax = 32;

/** What both kinds of evaluation work on. */
export type EvaluationSetting = {
  readonly start: LearnerStart;
  readonly examples: Examples;
  readonly open: OpenModel;
};

/**
 * Runs the float candidate on this device's windows and counts the observed activations.
 *
 * @throws `PLAN_UNSUPPORTED` when an observed output is not float32; what the runtime throws.
 */
export async function calibrateLocally(
  setting: EvaluationSetting,
  task: CalibrationTask,
  model: ModelBytes,
): Promise<CalibrationResult> {
  const builders = new Map<string, HistogramBuilder>(
    task.observed.map((name) => [name, histogramBuilder()]),
  );
  await using session = await openModel(setting, model);
  for (const { data, count } of batches(setting)) {
    const feeds = { [task.window]: windowsOf(setting.start, data, count) };
    const outputs = await session.value.run(feeds, task.observed);
    for (const [name, builder] of builders) builder.add(floatsOf(outputs[name], name));
  }
  const histograms = [...builders].map(([name, builder]) => [name, builder.histogram()]);
  return { windows: setting.examples.targets.length, histograms: Object.fromEntries(histograms) };
}

/**
 * Evaluates models on this device's windows.
 *
 * @param models In the order of `task.models`.
 * @param slice The slice that all of this device's windows belong to.
 */
export async function evaluateLocally(
  setting: EvaluationSetting,
  task: EvaluationTask,
  { models, slice }: { readonly models: readonly ModelBytes[]; readonly slice: string },
): Promise<EvaluationResult> {
  const confusions: SliceConfusion[] = [];
  for (const [index, { name }] of task.models.entries()) {
    const model = models[index];
    if (model === undefined) throw new EdgeloopError("MODEL_MISSING", `expected a model ${name}`);
    const counts = await confusionOf(setting, task, model);
    confusions.push({ model: name, slice: parseName(slice), counts });
  }
  return { windows: setting.examples.targets.length, confusions };
}

async function confusionOf(
  setting: EvaluationSetting,
  task: EvaluationTask,
  model: ModelBytes,
): Promise<readonly number[]> {
  const classes = setting.start.plan.classes.length;
  const counts = new Array<number>(classes * classes).fill(0);
  await using session = await openModel(setting, model);
  for (const { data, count, targets } of batches(setting)) {
    const feeds = { [task.window]: windowsOf(setting.start, data, count) };
    const outputs = await session.value.run(feeds, [task.scores]);
    const scores = floatsOf(outputs[task.scores], task.scores);
    for (const [row, target] of targets.entries()) {
      const mine = scores.subarray(row * classes, (row + 1) * classes);
      const cell = target * classes + mine.indexOf(Math.max(...mine));
      counts[cell] = (counts[cell] ?? 0) + 1;
    }
  }
  return counts;
}

type OpenedModel = AsyncDisposable & { readonly value: Session };

async function openModel(
  { start, open }: EvaluationSetting,
  { graph, tensors }: ModelBytes,
): Promise<OpenedModel> {
  const { backend, threads }: Plan["training"] = start.plan.training;
  const model = attachWeights(decodeOnnx(graph), decodeSafetensors(tensors));
  const value = await open(encodeOnnx(model), { backend, threads });
  return { value, [Symbol.asyncDispose]: () => value.dispose() };
}

type Batch = {
  readonly data: Float32Array;
  readonly count: number;
  readonly targets: readonly number[];
};

function* batches({ start, examples }: EvaluationSetting): Generator<Batch> {
  const width = start.window.lengthSamples * start.window.channels;
  for (let from = 0; from < examples.targets.length; from += batchWindowsMax) {
    const targets = examples.targets.slice(from, from + batchWindowsMax);
    const data = examples.data.slice(from * width, (from + targets.length) * width);
    yield { data, count: targets.length, targets };
  }
}

const windowsOf = ({ window }: LearnerStart, data: Float32Array, count: number) =>
  f32(data, [count, window.lengthSamples, window.channels]);

function floatsOf(
  tensor: { readonly dtype: string; readonly data: unknown } | undefined,
  name: string,
): Float32Array {
  if (tensor?.dtype === "float32" && tensor.data instanceof Float32Array) return tensor.data;
  throw new EdgeloopError("PLAN_UNSUPPORTED", `expected a float32 output ${name}`);
}
