import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import type { Clock } from "../platform/clock.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Carry, Loop, Session } from "../runtime/session.ts";
import type { Batch, BatchOptions, Dataset } from "./batches.ts";
import { batchesOf } from "./batches.ts";
import type { Schedule } from "./schedule.ts";

/** What an epoch left behind. */
export type EpochReport = {
  /** From 0. */
  readonly epoch: number;
  /** Mean over the epoch's examples, each at the parameters of its own step. */
  readonly loss: number;
  /** Steps since the start. */
  readonly steps: number;
  /** What `evaluate` returned. */
  readonly metric?: number;
};

/** When to stop before the last epoch, and which parameters to keep. */
export type EarlyStopping = {
  readonly goal: "max" | "min";
  /** Epochs without a better metric after which training ends. */
  readonly patienceEpochs: number;
};

/** A training run. Its result depends on nothing else than initial, dataset, order, rate and the session's backend. */
export type TrainingOptions = {
  /** A step graph's session: batch, `learningRate` and carried tensors in; `loss` and the next carried ones out. */
  readonly session: Session;
  readonly carry: Carry;
  /** A tensor for each carried input. */
  readonly initial: Tensors | ReadonlyMap<string, Tensor>;
  readonly dataset: Dataset;
  readonly batchSize: number;
  readonly epochs: number;
  /** Decides the order of examples, epoch by epoch, and what dropout drops, step by step. */
  readonly seed: number;
  readonly learningRate: Schedule;
  /** Where time comes from: the event loop is let go often enough that nothing waits 50 ms, unless one step takes that. */
  readonly clock: Clock;
  /** Measures the carried tensors after each epoch. */
  readonly evaluate?: (parameters: Tensors) => number | Promise<number>;
  /** Needs `evaluate`; absent: all epochs, the last one's parameters. */
  readonly earlyStopping?: EarlyStopping;
  readonly onEpoch?: (report: EpochReport) => void;
  readonly signal?: AbortSignal;
};

/** What training made. */
export type TrainingResult = {
  /** All carried tensors by input name: parameters and optimizer state. The best epoch's with `earlyStopping`. */
  readonly parameters: Tensors;
  readonly epochs: readonly EpochReport[];
  /** The epoch whose parameters these are. */
  readonly bestEpoch: number;
};

/** Steps run back to back for at most this long before others get their turn. */
export const turnMsMax = 20;

type Kept = { readonly epoch: number; readonly parameters: Tensors; readonly metric: number };
type Run = {
  readonly options: TrainingOptions;
  readonly plan: Plan;
  readonly loop: Loop;
  readonly rest: () => Promise<void>;
};

/**
 * Trains: runs a step graph over a dataset, epoch after epoch.
 *
 * A last batch that is not full is padded with weight 0 when the graph has a `weight` input, else left out.
 *
 * @throws `TRAINING_INVALID` when nothing could be trained, `TRAINING_DIVERGED` at a loss that is not finite, the
 * signal's reason when it aborts.
 */
export async function runTraining(options: TrainingOptions): Promise<TrainingResult> {
  const { session, carry, initial, clock, earlyStopping } = options;
  const plan = planOf(options);
  const start = initial instanceof Map ? Object.fromEntries(initial) : (initial as Tensors);
  const loop = await session.loop({ carry, initial: start });
  const run: Run = { options, plan, loop, rest: turns(clock) };
  const epochs: EpochReport[] = [];
  let best: Kept | undefined;
  try {
    for (let epoch = 0; epoch < options.epochs; epoch += 1) {
      const loss = await trainEpoch(run, epoch);
      const { metric, parameters } = await evaluateEpoch(run);
      const steps = (epoch + 1) * plan.stepsPerEpoch;
      const report = { epoch, loss, steps, ...(metric === undefined ? {} : { metric }) };
      epochs.push(report);
      options.onEpoch?.(report);
      if (earlyStopping === undefined || metric === undefined) continue;
      if (isBetter(metric, best?.metric, earlyStopping.goal)) best = { epoch, parameters, metric };
      if (epoch - (best?.epoch ?? -1) >= earlyStopping.patienceEpochs) break;
    }
    const { epoch, parameters } = best ?? {
      epoch: epochs.length - 1,
      parameters: await loop.read(),
    };
    return { parameters, epochs, bestEpoch: epoch };
  } finally {
    await loop.dispose();
  }
}

type Plan = BatchOptions & { readonly stepsPerEpoch: number; readonly steps: number };

function planOf({ session, dataset, batchSize, epochs, seed }: TrainingOptions): Plan {
  const weighted = session.inputs.some(({ name }) => name === "weight");
  const partial = weighted ? "pad" : "drop";
  const stepsPerEpoch = (weighted ? Math.ceil : Math.floor)(dataset.size / batchSize);
  if (!(stepsPerEpoch > 0 && epochs > 0)) {
    throw new EdgeloopError(
      "TRAINING_INVALID",
      "no batch can be filled: give more examples, a smaller batch or at least one epoch",
      { details: { examples: dataset.size, batchSize, epochs } },
    );
  }
  const steps = stepsPerEpoch * epochs;
  return { size: dataset.size, batchSize, seed, partial, stepsPerEpoch, steps };
}

async function trainEpoch({ options, plan, loop, rest }: Run, epoch: number): Promise<number> {
  const { dataset, learningRate, session, signal } = options;
  const draws = session.inputs.some(({ name }) => name === "seed");
  let step = epoch * plan.stepsPerEpoch;
  let [lossSum, examples] = [0, 0];
  for (const batch of batchesOf(epoch, plan)) {
    signal?.throwIfAborted();
    const feeds = await dataset.batch(batch.indices);
    const outputs = await loop.step({
      ...feeds,
      ...(plan.partial === "pad" ? { weight: weightsOf(batch, feeds["weight"]) } : {}),
      ...(draws ? { seed: seedOf(plan.seed, step) } : {}),
      learningRate: scalar(learningRate(step, plan.steps)),
    });
    lossSum += lossOf(outputs, { epoch, step }) * batch.examples;
    examples += batch.examples;
    step += 1;
    await rest();
  }
  return lossSum / examples;
}

async function evaluateEpoch({ options, loop, rest }: Run): Promise<{
  readonly metric?: number;
  readonly parameters: Tensors;
}> {
  if (options.evaluate === undefined) return { parameters: {} };
  const parameters = await loop.read();
  const metric = await options.evaluate(parameters);
  await rest();
  return { metric, parameters };
}

/** Lets the event loop go when a turn has lasted long enough. */
function turns(clock: Clock): () => Promise<void> {
  let startMs = clock.monotonicMs();
  return async () => {
    if (clock.monotonicMs() - startMs < turnMsMax) return;
    await clock.sleep(0);
    startMs = clock.monotonicMs();
  };
}

/** Another one for each step, and for each seed. */
const seedOf = (seed: number, step: number): Tensor => i64([seed * 65_537 + step], []);

function weightsOf({ indices, examples }: Batch, given: Tensor | undefined): Tensor {
  const weights = new Float32Array(indices.length).fill(1);
  if (given?.dtype === "float32") weights.set(given.data);
  return f32(weights.fill(0, examples));
}

function lossOf(outputs: Tensors, at: { readonly epoch: number; readonly step: number }): number {
  const loss = Number(outputs["loss"]?.data[0]);
  if (Number.isFinite(loss)) return loss;
  throw new EdgeloopError("TRAINING_DIVERGED", "the loss is not finite: lower the learning rate", {
    details: { ...at, loss },
  });
}

const isBetter = (metric: number, than: number | undefined, goal: "max" | "min"): boolean =>
  than === undefined || (goal === "max" ? metric > than : metric < than);
