import type { Choice, FittedStep, TrainingStepOptions } from "@edgeloop/core/autodiff";
import { choices, fitTraining, sgd, trainingStep } from "@edgeloop/core/autodiff";
import type { Graph, Tensors } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime/node";
import { measureImportance } from "@edgeloop/core/training";
import type { Options } from "../command.ts";
import { optionalText } from "../options.ts";
import type { ExampleTensors } from "./example-file.ts";
import { pickExamples } from "./example-file.ts";

/** Batches that importance is measured on, at most. */
const importanceBatchesMax = 8;

const units: Readonly<Record<string, number>> = {
  "": 1,
  ...{ b: 1, kb: 1e3, mb: 1e6, gb: 1e9 },
  ...{ kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30 },
};

/**
 * Reads a number of bytes: `64MB`, `512KiB`, `1000000`.
 *
 * @throws `USAGE`
 * @example
 * readBytes("--memory-budget", "1.5MiB"); // => 1572864
 */
export function readBytes(what: string, text: string): number {
  const [, digits = "", unit = ""] = /^([\d.]+)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const bytes = Math.floor(
    Number(digits || Number.NaN) * (units[unit.toLowerCase()] ?? Number.NaN),
  );
  if (bytes > 0) return bytes;
  throw usage(`${what} must be a number of bytes as 64MB, 512KiB or 1000000, not "${text}"`);
}

/** Reads `--choose`. @throws `USAGE` */
export function readChoice(options: Options): Choice | undefined {
  const text = optionalText(options, "choose");
  const found = choices.find((choice) => choice === text);
  if (text !== undefined && found === undefined) {
    throw usage(`--choose must be one of ${choices.join(", ")}, not "${text}"`);
  }
  const needsBudget = found === "last" || found === "importance";
  if (needsBudget && optionalText(options, "memoryBudget") === undefined) {
    throw usage(`--choose ${found} needs --memory-budget: it trains as much as fits`);
  }
  return found;
}

/** What a step is fitted for. */
export type FitFor = {
  readonly batch: number;
  readonly backend: Backend;
  /** What importance is measured on; absent where there are no examples. */
  readonly examples?: ExampleTensors | undefined;
};

/**
 * Reads `--memory-budget` and `--choose`, and makes the step that they ask for.
 *
 * @throws `USAGE`, `MEMORY_BUDGET_TOO_SMALL`, `TRAINABLE_NONE`, and what `trainingStep` throws.
 */
export async function fittedStep(
  graph: Graph,
  recipe: TrainingStepOptions,
  options: Options,
  { batch, backend, examples }: FitFor,
): Promise<FittedStep> {
  const choose = readChoice(options);
  const budget = optionalText(options, "memoryBudget");
  const sizes = Object.fromEntries(
    graph.inputs.flatMap(({ shape }) =>
      typeof shape?.[0] === "string" ? [[shape[0], batch]] : [],
    ),
  );
  const measured =
    choose === "importance" ? await importanceOf(graph, recipe, { batch, backend, examples }) : {};
  return fitTraining(graph, recipe, {
    sizes,
    backend: backend === "native" ? "native" : "wasm",
    ...(budget === undefined ? {} : { budgetBytes: readBytes("--memory-budget", budget) }),
    ...(choose === undefined ? {} : { choose }),
    ...measured,
  });
}

async function importanceOf(
  graph: Graph,
  { loss, trainable, output }: TrainingStepOptions,
  { batch, backend, examples }: FitFor,
): Promise<{ readonly importance: ReadonlyMap<string, number> }> {
  if (examples === undefined)
    throw usage("--choose importance needs --data: examples to measure on");
  const plain = { loss, trainable, optimizer: sgd(), ...(output === undefined ? {} : { output }) };
  const step = trainingStep(graph, plain);
  const session = await openSession(step.graph, { backend });
  const taken = new Set(session.inputs.map(({ name }) => name));
  const size = Math.min(batch, examples.size);
  const count = Math.min(importanceBatchesMax, Math.floor(examples.size / size));
  const batches = Array.from({ length: count }, (_, at): Tensors => {
    const rows = Array.from({ length: size }, (_row, row) => at * size + row);
    const { tensors } = pickExamples(examples, rows);
    return Object.fromEntries(Object.entries(tensors).filter(([name]) => taken.has(name)));
  });
  try {
    const { parameters } = step;
    const initial = Object.fromEntries(step.initial);
    return { importance: await measureImportance({ session, initial, parameters, batches }) };
  } finally {
    await session.dispose();
  }
}

/** Says what a step takes, and what was done to make it fit. */
export function budgetLines({
  before,
  after,
  left,
  recompute,
  microBatches,
  step,
}: FittedStep): readonly string[] {
  const same = before.peakBytes === after.peakBytes;
  const parts = [
    `parameters ${bytesText(after.parameterBytes)}`,
    `state ${bytesText(after.stateBytes)}`,
    `activations ${bytesText(after.activationBytes)}`,
  ];
  return [
    `memory     ${same ? "" : `${bytesText(before.peakBytes)} as asked for, `}${bytesText(after.peakBytes)} estimated: ${parts.join(", ")}`,
    ...(recompute > 1
      ? [`recompute  the forward pass in ${recompute} segments, all but the last made again`]
      : []),
    ...(microBatches > 1
      ? [
          `batch      in ${microBatches} parts, their gradients added up (statistics of normalizations are each part's own)`,
        ]
      : []),
    ...(left.length > 0
      ? [
          `left       ${left.join(", ")}; ${step.parameters.length} of ${step.parameters.length + left.length} parameters are trained`,
        ]
      : []),
  ];
}

/** What was done to make a step fit, for programs. */
export type BudgetReport = Pick<FittedStep, "left" | "recompute" | "microBatches"> & {
  readonly memory: Pick<FittedStep, "before" | "after">;
};

/** The same for programs. */
export const budgetReport = ({ before, after, ...fitted }: FittedStep): BudgetReport => ({
  memory: { before, after },
  left: fitted.left,
  recompute: fitted.recompute,
  microBatches: fitted.microBatches,
});

const bytesText = (bytes: number): string =>
  bytes < 2 ** 20 ? `${(bytes / 2 ** 10).toFixed(1)} KiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;

const usage = (message: string): EdgeloopError => new EdgeloopError("USAGE", message);
