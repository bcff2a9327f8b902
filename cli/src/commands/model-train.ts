import { adapterNames, lossGraph, unrolledStepsMax, unrollSteps } from "@edgeloop/core/autodiff";
import type { Graph, Tensor, Tensors } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import type { Backend, Session } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime/node";
import type { EpochReport } from "@edgeloop/core/training";
import { cosine, gatherRows, runTraining, tensorDataset } from "@edgeloop/core/training";
import { withWeights } from "@edgeloop/models";
import type { Context, Options, Run } from "../command.ts";
import { readBackend } from "../model/backend.ts";
import { budgetLines, budgetReport, fittedStep } from "../model/budget.ts";
import type { ExampleTensors } from "../model/example-file.ts";
import { readExamples, splitExamples } from "../model/example-file.ts";
import type { Learnable } from "../model/learnable.ts";
import { learnableOf } from "../model/learnable.ts";
import { readModel, writeModel } from "../model/model-file.ts";
import { recipeOf, targetsOf } from "../model/recipe.ts";
import { roundedModel } from "../model/rounded-model.ts";
import { writeTensors } from "../model/tensor-file.ts";
import { integerOption, numberOption, textOption } from "../options.ts";
import { table } from "../table.ts";

/** Examples of one run of the validation. */
const validationBatch = 256;
/** Epochs that the table at the end shows at most. */
const rowsMax = 20;

/**
 * Trains a model on examples and writes it with its new weights: those of the epoch with the least loss on examples that
 * were held out, or the last ones when none are. With `--adapter` its adapters are written alone. An int8 model stays one,
 * and `--quantize-aware` makes one: both learn with the rounding in the graph.
 *
 * @throws `FILE_MISSING`, `USAGE`, `DATA_INVALID`, `TRAINING_DIVERGED`, and what `trainingStep` throws.
 */
export const run: Run = async (context, [model = ""], options) => {
  const output = textOption(options, "output");
  const backend = await readBackend(textOption(options, "backend"));
  const prepared = await roundedModel(await readModel(model), options, { context, backend });
  const { graph, trainable, adapter } = learnableOf(prepared.graph, options);
  const ending = adapter === undefined ? ".onnx" : ".safetensors";
  if (!output.endsWith(ending)) {
    throw new EdgeloopError(
      "USAGE",
      `--output must end with ${ending}, not "${output}"${adapter ? ": an adapter is written alone, model merge folds it in" : ""}`,
    );
  }
  const settings = settingsOf(options);
  const recipe = recipeOf(options);
  const names = targetsOf(recipe.loss);
  const examples = await readExamples(textOption(options, "data"), graph, names);
  const { share, path } = settings.validation;
  const split = splitExamples(examples, { share, seed: settings.seed });
  const training = split.training;
  const validation = path === undefined ? split.validation : await readExamples(path, graph, names);
  const fitted = await fittedStep(graph, { ...recipe, trainable, weighted: true }, options, {
    ...{ batch: settings.batch, backend, examples: training },
  });
  const { step } = fitted;
  for (const line of budgetLines(fitted)) context.say(line);
  const judge =
    validation.size === 0
      ? undefined
      : await openJudge(graph, {
          loss: recipe.loss,
          carried: [...step.initial.keys()],
          validation,
          backend,
        });
  const session = await openSession(step.graph, { backend });
  const many =
    settings.unroll === 1
      ? undefined
      : await openSession(unrollSteps(step, settings.unroll).graph, { backend });
  try {
    const { parameters, epochs, bestEpoch, isStopped } = await runTraining({
      ...{ session, carry: step.carry, initial: step.initial, clock: systemClock },
      ...{ batchSize: settings.batch, epochs: settings.epochs, seed: settings.seed },
      dataset: tensorDataset(training.tensors),
      learningRate: cosine(settings.learningRate),
      stop: context.signal,
      onEpoch: (report) => context.progress(lineOf(report, settings.epochs)),
      ...(many ? { unrolled: { session: many, count: settings.unroll } } : {}),
      ...(judge
        ? {
            evaluate: judge.measure,
            earlyStopping: { goal: "min" as const, patienceEpochs: settings.patience },
          }
        : {}),
    });
    if (adapter === undefined)
      await writeModel(output, prepared.finish(withWeights(graph, parameters)));
    else await writeTensors(output, foldedAdapters(parameters, adapter));
    show(context, epochs, bestEpoch);
    if (isStopped) context.say(`stopped in epoch ${epochs.length + 1} of ${settings.epochs}`);
    context.say(`wrote ${output} (${training.size} examples, ${backend})`);
    return {
      format: 1,
      output,
      backend,
      bestEpoch,
      isStopped,
      epochs,
      examples: training.size,
      heldOut: validation.size,
      ...budgetReport(fitted),
    };
  } finally {
    await session.dispose();
    await many?.dispose();
    await judge?.dispose();
  }
};

/** The factors, their scale folded into the second: merging needs no number beside them. */
function foldedAdapters(
  parameters: Tensors,
  { adapters, scale }: NonNullable<Learnable["adapter"]>,
): ReadonlyMap<string, Tensor> {
  const isUp = (name: string): boolean => name.endsWith(adapterNames("").up);
  return new Map(
    [...adapters].map(([name, start]): [string, Tensor] => {
      const found = parameters[name] ?? start;
      if (scale === 1 || !isUp(name) || found.dtype !== "float32") return [name, found];
      return [
        name,
        f32(
          found.data.map((value) => value * scale),
          found.shape,
        ),
      ];
    }),
  );
}

type Settings = {
  readonly epochs: number;
  readonly batch: number;
  readonly seed: number;
  readonly patience: number;
  readonly learningRate: number;
  readonly unroll: number;
  /** A share of the examples, or a file of others. */
  readonly validation: { readonly share: number; readonly path?: string };
};

function settingsOf(options: Options): Settings {
  const epochs = integerOption(options, "epochs", { min: 1, max: 1e6, fallback: 20 });
  return {
    epochs,
    batch: integerOption(options, "batch", { min: 1, max: 1e6, fallback: 32 }),
    seed: integerOption(options, "seed", { min: 0, max: 2 ** 31, fallback: 1 }),
    patience: integerOption(options, "patience", { min: 1, max: 1e6, fallback: epochs }),
    learningRate: numberOption(options, "learningRate", { min: 0, max: 1e6 }),
    unroll: integerOption(options, "unroll", { min: 1, max: unrolledStepsMax, fallback: 1 }),
    validation: validationOf(options),
  };
}

function validationOf(options: Options): Settings["validation"] {
  const text = textOption(options, "validation");
  const isNumber = text.trim() !== "" && !Number.isNaN(Number(text));
  if (!isNumber) return { share: 0, path: text };
  return { share: numberOption(options, "validation", { min: 0, max: 0.9 }) };
}

type Judge = {
  /** Mean loss over the examples that were held out. */
  readonly measure: (parameters: Tensors) => Promise<number>;
  readonly dispose: () => Promise<void>;
};

async function openJudge(
  graph: Graph,
  {
    loss,
    carried,
    validation,
    backend,
  }: {
    readonly loss: ReturnType<typeof recipeOf>["loss"];
    readonly carried: readonly string[];
    readonly validation: ExampleTensors;
    readonly backend: Backend;
  },
): Promise<Judge> {
  const parameters = carried.filter((name) => graph.initializers.has(name));
  const session: Session = await openSession(lossGraph(graph, { loss, parameters }), { backend });
  const { size, tensors } = validation;
  return {
    dispose: () => session.dispose(),
    async measure(found) {
      const weights = Object.fromEntries(
        parameters.flatMap((name) => (found[name] ? [[name, found[name]] as const] : [])),
      );
      let sum = 0;
      for (let start = 0; start < size; start += validationBatch) {
        const count = Math.min(validationBatch, size - start);
        const rows = Array.from({ length: count }, (_, i) => start + i);
        const batch = Object.entries(tensors).map(([name, tensor]) => [
          name,
          gatherRows(tensor, rows),
        ]);
        const results = await session.run({ ...Object.fromEntries(batch), ...weights });
        sum += Number(results["loss"]?.data[0]) * count;
      }
      return sum / size;
    },
  };
}

const held = ({ metric }: EpochReport): string => (metric === undefined ? "" : metric.toFixed(5));

function lineOf(report: EpochReport, epochs: number): string {
  const more = report.metric === undefined ? "" : `, held out ${held(report)}`;
  return `epoch ${report.epoch + 1} of ${epochs}, loss ${report.loss.toFixed(5)}${more}`;
}

/** The epochs at even distances, with the first, the best and the last. */
function show({ say }: Context, epochs: readonly EpochReport[], bestEpoch: number): void {
  const every = Math.ceil(epochs.length / rowsMax);
  const shown = epochs.filter(
    ({ epoch }) => epoch % every === 0 || epoch === bestEpoch || epoch === epochs.length - 1,
  );
  const rows = shown.map((report) => [
    `${report.epoch + 1}`,
    report.loss.toFixed(5),
    held(report),
    report.epoch === bestEpoch ? "kept" : "",
  ]);
  for (const line of table([["epoch", "loss", "held out", ""], ...rows])) say(line);
}
