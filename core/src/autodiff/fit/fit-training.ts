import type { Graph } from "../../graph/graph.ts";
import type { Sizes } from "../../graph/peak-memory.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import type { TrainingEstimate } from "../estimate-training.ts";
import { estimateTraining } from "../estimate-training.ts";
import { microBatching } from "../micro-batches.ts";
import { recomputing } from "../recompute.ts";
import type { TrainingStep, TrainingStepOptions } from "../training-step.ts";
import { trainingStep } from "../training-step.ts";
import { stepCount } from "../updates.ts";
import type { Choice, Unit } from "./choice.ts";
import { biasesOf, normalizationsOf, unitsOf } from "./choice.ts";

/** What a training step is to fit into, and what may be given up for that. */
export type FitOptions = {
  /** Most that the step may take; {@link estimateTraining} says what it takes. No limit when absent. */
  readonly budgetBytes?: number;
  /** Gives numbers to named dimensions: the batch's above all. */
  readonly sizes: Sizes;
  readonly backend?: "wasm" | "native";
  /** Which parameters are trained where not all fit: the last layers when absent. */
  readonly choose?: Choice;
  /** How much each parameter matters, for the choice `importance`. */
  readonly importance?: ReadonlyMap<string, number>;
};

/** A step that fits, and what was given up. */
export type FittedStep = {
  readonly step: TrainingStep;
  /** Of the step as it was asked for. */
  readonly before: TrainingEstimate;
  readonly after: TrainingEstimate;
  /** Parameters that stay as they are although they were asked for. */
  readonly left: readonly string[];
  /** Segments of the forward pass that is made again; 1 when it is kept. */
  readonly recompute: number;
  readonly microBatches: number;
};

/** How a step saves memory without training less. */
type Means = { readonly recompute: number; readonly microBatches: number };
type Attempt = Means & { readonly step: TrainingStep; readonly after: TrainingEstimate };

const kept: Means = { recompute: 1, microBatches: 1 };
const parts = [2, 4, 8, 16].map((microBatches): Means => ({ ...kept, microBatches }));
const segments = [2, 3, 4, 6].map((recompute): Means => ({ ...kept, recompute }));
const both = [2, 4, 8].map((microBatches): Means => ({ recompute: 3, microBatches }));

/**
 * Makes a training step fit a memory budget.
 *
 * What changes no result comes first: the batch in parts, activations that are made again (the other way round where
 * normalizations train, whose statistics are each part's own), both. Only then fewer parameters are trained: the last
 * layers, as many as fit, or those that matter most for their bytes. `biases` and `normalization` train those alone,
 * whatever fits.
 *
 * @throws `MEMORY_BUDGET_TOO_SMALL` saying the least that would do; `TRAINABLE_NONE` when a choice leaves nothing; what
 *   `trainingStep` throws.
 * @see Lin et al. 2022, arXiv:2206.15472 (sparse update).
 */
export function fitTraining(
  model: Graph,
  options: TrainingStepOptions,
  fit: FitOptions,
): FittedStep {
  const search = searchOf(model, options, fit);
  const whole = search.attempt(search.asked, kept);
  const chosen = chosenOf(model, search.asked, fit);
  const found = search.find(chosen, allMeans(whole.step)) ?? fewer(model, search, { fit, whole });
  if (found === undefined) throw tooSmall(fit, search.least());
  const trained = new Set(found.step.parameters);
  return {
    ...found,
    before: whole.after,
    left: search.asked.filter((name) => !trained.has(name)),
  };
}

type Search = {
  /** All parameters that were asked for. */
  readonly asked: readonly string[];
  attempt(parameters: readonly string[], means: Means): Attempt;
  /** The first means by which these parameters fit. */
  find(parameters: readonly string[], means: readonly Means[]): Attempt | undefined;
  /** The least that any attempt would take. */
  least(): number;
};

function searchOf(model: Graph, options: TrainingStepOptions, fit: FitOptions): Search {
  const { budgetBytes = Number.POSITIVE_INFINITY, sizes, backend = "wasm" } = fit;
  let least = Number.POSITIVE_INFINITY;
  const attempt = (parameters: readonly string[], means: Means): Attempt => {
    const step = trainingStep(model, {
      ...options,
      recompute: recomputing(means.recompute),
      microBatches: microBatching(means.microBatches),
      trainable: parameters,
    });
    const after = estimateTraining(step, { sizes, backend });
    least = Math.min(least, after.peakBytes);
    return { ...means, step, after };
  };
  const asked = trainingStep(model, options).parameters;
  return {
    asked,
    attempt,
    least: () => least,
    find(parameters, means) {
      for (const each of means.filter(({ microBatches }) => splits(model, sizes, microBatches))) {
        const found = attempt(parameters, each);
        if (found.after.peakBytes <= budgetBytes) return found;
      }
      return undefined;
    },
  };
}

/** Whether a batch has so many parts, none of them empty. */
function splits({ inputs: [first] }: Graph, sizes: Sizes, count: number): boolean {
  if (count === 1) return true;
  const [batch = 1] = first?.shape ?? [];
  if (typeof batch === "number") return false;
  const examples = sizes[batch] ?? 1;
  return Math.ceil(examples / count) * (count - 1) < examples;
}

/** Means in the order in which they are tried: what changes no result first. */
function allMeans({ initial, parameters }: TrainingStep): readonly Means[] {
  const isState = (name: string): boolean =>
    name === stepCount || parameters.some((each) => name === each || name.startsWith(`${each}.`));
  const hasStatistics = [...initial.keys()].some((name) => !isState(name));
  return [kept, ...(hasStatistics ? [...segments, ...parts] : [...parts, ...segments]), ...both];
}

function chosenOf(
  model: Graph,
  asked: readonly string[],
  { choose }: FitOptions,
): readonly string[] {
  if (choose !== "biases" && choose !== "normalization") return asked;
  const chosen = (choose === "biases" ? biasesOf : normalizationsOf)(model, asked);
  if (chosen.length > 0) return chosen;
  throw new EdgeloopError(
    "TRAINABLE_NONE",
    `the choice "${choose}" leaves nothing to train of ${asked.join(", ")}`,
    { details: { choose, asked } },
  );
}

type Fewer = { readonly fit: FitOptions; readonly whole: Attempt };

function fewer(model: Graph, search: Search, { fit, whole }: Fewer): Attempt | undefined {
  const { choose = "last" } = fit;
  if (choose === "biases" || choose === "normalization") return undefined;
  const units = unitsOf(model, search.asked);
  // Few means a set, so that many sets can be tried; all of them for the one that is left at the end.
  const means = [kept, ...parts.slice(1, 3), ...segments.slice(2, 3)];
  const found =
    choose === "last" ? last(units, search, means) : mostImportant(units, search, { fit, means });
  return found ?? search.find(units.at(-1) ?? [], allMeans(whole.step));
}

/** As many of the last units as fit, by halving. */
function last(
  units: readonly Unit[],
  search: Search,
  means: readonly Means[],
): Attempt | undefined {
  let [fits, fails] = [0, units.length];
  let best: Attempt | undefined;
  while (fails - fits > 1) {
    const count = (fits + fails) >> 1;
    const found = search.find(units.slice(-count).flat(), means);
    if (found === undefined) fails = count;
    else [fits, best] = [count, found];
  }
  return best;
}

/** Units by importance for their bytes, each taken if it still fits. */
function mostImportant(
  units: readonly Unit[],
  search: Search,
  { fit, means }: { readonly fit: FitOptions; readonly means: readonly Means[] },
): Attempt | undefined {
  const bytesOf = (unit: Unit): number => search.attempt(unit, kept).after.parameterBytes;
  const worth = (unit: Unit): number =>
    unit.reduce((sum, name) => sum + (fit.importance?.get(name) ?? 0), 0) / bytesOf(unit);
  const ranked = units
    .map((unit) => ({ unit, worth: worth(unit) }))
    .toSorted((a, b) => b.worth - a.worth);
  let taken: readonly string[] = [];
  let best: Attempt | undefined;
  for (const { unit } of ranked) {
    const found = search.find([...taken, ...unit], means);
    if (found === undefined) continue;
    [taken, best] = [[...taken, ...unit], found];
  }
  return best;
}

const tooSmall = ({ budgetBytes }: FitOptions, leastBytes: number): EdgeloopError =>
  new EdgeloopError(
    "MEMORY_BUDGET_TOO_SMALL",
    `no way of training fits ${budgetBytes} bytes; the least that would do is ${leastBytes} bytes`,
    { details: { budgetBytes, leastBytes } },
  );
