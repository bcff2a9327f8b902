import type { Loss, Optimizer, TrainingStepOptions } from "@edgeloop/core/autodiff";
import {
  adagrad,
  adam,
  adamW,
  binaryCrossEntropy,
  huber,
  meanAbsolute,
  meanSquared,
  quantile,
  reconstruction,
  rmsprop,
  sgd,
  softmaxCrossEntropy,
} from "@edgeloop/core/autodiff";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Options } from "../command.ts";
import { optionalNumber, optionalText, textOption } from "../options.ts";
import { matchesGlob } from "./name-glob.ts";
import { readNamedChoice } from "./named-choice.ts";

type Numbers = Readonly<Record<string, number>>;

/** A choice: the numbers that it takes, and what it makes of them. */
type Row<T> = {
  readonly keys: readonly string[];
  readonly make: (numbers: Numbers, classWeights?: readonly number[]) => T;
};

const losses: Readonly<Record<string, Row<Loss>>> = {
  "cross-entropy": {
    keys: ["smoothing", "soft"],
    make: ({ smoothing = 0, soft = 0 }, classWeights) =>
      softmaxCrossEntropy({
        ...{ labelSmoothing: smoothing, softTarget: soft !== 0 },
        ...(classWeights === undefined ? {} : { classWeights }),
      }),
  },
  "binary-cross-entropy": { keys: [], make: binaryCrossEntropy },
  "mean-squared": { keys: [], make: meanSquared },
  "mean-absolute": { keys: [], make: meanAbsolute },
  huber: { keys: ["delta"], make: ({ delta }) => huber(delta) },
  quantile: { keys: ["level"], make: ({ level = 0.5 }) => quantile(level) },
  reconstruction: { keys: [], make: reconstruction },
};

const momentKeys = ["beta1", "beta2", "epsilon"];
const moments = ({ beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: Numbers) => ({
  betas: [beta1, beta2] as const,
  epsilon,
});
const decayed = (weightDecay: number | undefined) =>
  weightDecay === undefined ? {} : { weightDecay };

const optimizers: Readonly<Record<string, Row<(weightDecay?: number) => Optimizer>>> = {
  sgd: {
    keys: ["momentum", "nesterov"],
    make:
      ({ momentum = 0, nesterov = 0 }) =>
      (decay) =>
        sgd({ momentum, nesterov: nesterov !== 0, ...decayed(decay) }),
  },
  adam: {
    keys: momentKeys,
    make: (numbers) => (decay) => adam({ ...moments(numbers), ...decayed(decay) }),
  },
  adamw: {
    keys: momentKeys,
    make: (numbers) => (decay) => adamW({ ...moments(numbers), ...decayed(decay) }),
  },
  adagrad: {
    keys: ["epsilon"],
    make: (numbers) => (decay) => adagrad({ ...numbers, ...decayed(decay) }),
  },
  rmsprop: {
    keys: ["alpha", "momentum", "epsilon"],
    make: (numbers) => (decay) => rmsprop({ ...numbers, ...decayed(decay) }),
  },
};

const keysOf = <T>(rows: Readonly<Record<string, Row<T>>>) =>
  Object.fromEntries(Object.entries(rows).map(([name, { keys }]) => [name, keys]));

/** Names of the losses and of the optimizers, for help. */
export const lossNames: readonly string[] = Object.keys(losses);
/** Names of the optimizers, for help. */
export const optimizerNames: readonly string[] = Object.keys(optimizers);

/** Reads `--loss` and `--class-weights`. @throws `USAGE`, `LOSS_INVALID` for numbers out of range. */
export function readLoss(text: string, classWeights?: string): Loss {
  const { name, numbers } = readNamedChoice("--loss", text, keysOf(losses));
  if (classWeights === undefined) return rowOf(losses, name).make(numbers);
  const weights = classWeights.split(",").map((each) => (each.trim() === "" ? -1 : Number(each)));
  if (name === "cross-entropy" && weights.every((weight) => weight >= 0)) {
    return rowOf(losses, name).make(numbers, weights);
  }
  throw new EdgeloopError(
    "USAGE",
    `--class-weights takes a number from 0 a class, with commas, and --loss cross-entropy; not "${classWeights}" and ${name}`,
  );
}

/** Reads `--optimizer` and `--weight-decay`. @throws `USAGE`, `OPTIMIZER_INVALID` for numbers out of range. */
export function readOptimizer(text: string, weightDecay?: number): Optimizer {
  const { name, numbers } = readNamedChoice("--optimizer", text, keysOf(optimizers));
  return rowOf(optimizers, name).make(numbers)(weightDecay);
}

function rowOf<T>(rows: Readonly<Record<string, Row<T>>>, name: string): Row<T> {
  const row = rows[name];
  if (row === undefined) throw new TypeError(`${name} was checked before`);
  return row;
}

/** Reads the options of a training step. @throws `USAGE`, `LOSS_INVALID`, `OPTIMIZER_INVALID`. */
export function recipeOf(options: Options): Omit<TrainingStepOptions, "trainable"> {
  const clipNorm = optionalNumber(options, "clipNorm", { min: 0, max: 1e30 });
  const proximal = optionalNumber(options, "proximal", { min: 0, max: 1e30 });
  return {
    loss: readLoss(textOption(options, "loss"), optionalText(options, "classWeights")),
    optimizer: readOptimizer(
      textOption(options, "optimizer"),
      optionalNumber(options, "weightDecay", { min: 0, max: 1e30 }),
    ),
    ...(clipNorm === undefined ? {} : { clipNorm }),
    ...(proximal === undefined ? {} : { proximal }),
    ...(options["variates"] === true ? { variates: true } : {}),
    ...(options["weighted"] === true ? { weighted: true } : {}),
  };
}

/** Reads `--train` and `--freeze`: which initialisers are trained, by name. */
export function trainableOf(options: Options): (name: string) => boolean {
  const trains = matchesGlob(optionalText(options, "train") ?? "*");
  const freezes = optionalText(options, "freeze");
  const isFrozen = freezes === undefined ? () => false : matchesGlob(freezes);
  return (name) => trains(name) && !isFrozen(name);
}

/** Names what examples must have beside the model's inputs: `target`, unless the loss is of the input. */
export const targetsOf = (loss: Loss): readonly string[] =>
  loss.isOfInput === undefined ? ["target"] : [];
