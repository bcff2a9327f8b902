import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import type { Clock } from "../platform/clock.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Carry, Session } from "../runtime/session.ts";
import type { Batch, BatchOptions, Dataset } from "./batches.ts";
import { batchesOf } from "./batches.ts";
import type { Lanes } from "./lanes.ts";
import { openLanes } from "./lanes.ts";
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
  /** The same step written out `count` times: takes that many batches in a call, at the rate of the first of them. */
  readonly unrolled?: { readonly session: Session; readonly count: number };
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
  /** Ends training after the call in progress and keeps what it has made, once an epoch has ended. */
  readonly stop?: AbortSignal;
};

/** What training made. */
export type TrainingResult = {
  /** All carried tensors by input name: parameters and optimizer state. The best epoch's with `earlyStopping`. */
  readonly parameters: Tensors;
  readonly epochs: readonly EpochReport[];
  /** The epoch whose parameters these are; the last that ended, when training was stopped in the one after it. */
  readonly bestEpoch: number;
  /** Whether `stop` ended it. */
  readonly isStopped: boolean;
};

/** Steps run back to back for at most this long before others get their turn. */
export const turnMsMax = 20;

type Kept = { readonly epoch: number; readonly parameters: Tensors; readonly metric: number };
type Run = {
  readonly options: TrainingOptions;
  readonly plan: Plan;
  readonly lanes: Lanes;
  readonly rest: () => Promise<void>;
};

/**
 * Trains: runs a step graph over a dataset, epoch after epoch.
 *
 * A last batch that is not full is padded with weight 0 when the graph has a `weight` input, else left out. With an
 * unrolled session, batches that do not fill a call go through the other one.
 *
 * @throws `TRAINING_INVALID` when nothing could be trained, `TRAINING_DIVERGED` at a loss that is not finite,
 * `TRAINING_INTERRUPTED` when it is stopped in its first epoch, the signal's reason when that aborts.
 */
export async function runTraining(options: TrainingOptions): Promise<TrainingResult> {
  const { session, carry, initial, clock } = options;
  const plan = planOf(options);
  const start = initial instanceof Map ? Object.fromEntries(initial) : (initial as Tensors);
  const lanes = await openLanes(session, { carry, initial: start });
  const run: Run = { options, plan, lanes, rest: turns(clock) };
  try {
    const { epochs, best } = await runEpochs(run);
    const { stop } = options;
    if (epochs.length === 0) throw interrupted(stop?.reason);
    const { epoch, parameters } = best ?? {
      epoch: epochs.length - 1,
      parameters: await lanes.read(),
    };
    return { parameters, epochs, bestEpoch: epoch, isStopped: stop?.aborted === true };
  } finally {
    await lanes.dispose();
  }
}

async function runEpochs(
  run: Run,
): Promise<{ readonly epochs: readonly EpochReport[]; readonly best?: Kept | undefined }> {
  const { options, plan } = run;
  const { earlyStopping } = options;
  const epochs: EpochReport[] = [];
  let best: Kept | undefined;
  for (let epoch = 0; epoch < options.epochs; epoch += 1) {
    const loss = await trainEpoch(run, epoch);
    if (loss === undefined) break;
    const { metric, parameters } = await evaluateEpoch(run);
    const steps = (epoch + 1) * plan.stepsPerEpoch;
    const report = { epoch, loss, steps, ...(metric === undefined ? {} : { metric }) };
    epochs.push(report);
    options.onEpoch?.(report);
    if (earlyStopping === undefined || metric === undefined) continue;
    if (isBetter(metric, best?.metric, earlyStopping.goal)) best = { epoch, parameters, metric };
    if (epoch - (best?.epoch ?? -1) >= earlyStopping.patienceEpochs) break;
  }
  return { epochs, best };
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

/** Runs an epoch and gives its mean loss; nothing when it was stopped. */
async function trainEpoch(run: Run, epoch: number): Promise<number | undefined> {
  const { options, plan, rest } = run;
  const { unrolled } = options;
  let step = epoch * plan.stepsPerEpoch;
  let [lossSum, examples] = [0, 0];
  for (const group of groupsOf(batchesOf(epoch, plan), unrolled?.count ?? 1)) {
    options.signal?.throwIfAborted();
    if (options.stop?.aborted === true) return undefined;
    const losses = await runBatches(run, group, step);
    for (const [at, batch] of group.entries()) {
      lossSum += finite(losses[at], { epoch, step: step + at }) * batch.examples;
      examples += batch.examples;
    }
    step += group.length;
    await rest();
  }
  return lossSum / examples;
}

/** As many batches as one call takes; what is left over goes one by one. */
function groupsOf(batches: readonly Batch[], count: number): (readonly Batch[])[] {
  const full = Math.floor(batches.length / count);
  return [
    ...Array.from({ length: full }, (_, at) => batches.slice(at * count, (at + 1) * count)),
    ...batches.slice(full * count).map((batch) => [batch]),
  ];
}

/** Runs one call and gives the loss of each of its batches. */
async function runBatches(
  { options, plan, lanes }: Run,
  group: readonly Batch[],
  step: number,
): Promise<readonly number[]> {
  const { dataset, learningRate, unrolled } = options;
  const isUnrolled = unrolled !== undefined && group.length === unrolled.count;
  const session = isUnrolled ? unrolled.session : options.session;
  const found = await dataset.batch(group.flatMap(({ indices }) => indices));
  const feeds = {
    ...found,
    ...(plan.partial === "pad" ? { weight: weightsOf(group, found["weight"]) } : {}),
  };
  const seeds = group.map((_, at) => seedOf(plan.seed, step + at));
  const outputs = await lanes.step(session, {
    ...(isUnrolled ? stackedBatches(feeds, group.length) : feeds),
    ...(session.inputs.some(({ name }) => name === "seed")
      ? { seed: i64(seeds, isUnrolled ? [seeds.length] : []) }
      : {}),
    learningRate: scalar(learningRate(step, plan.steps)),
  });
  return Array.from((outputs["loss"]?.data ?? []) as ArrayLike<number>);
}

/** Rows of several batches, one after the other, seen with a leading axis that counts the batches. */
const stackedBatches = (feeds: Tensors, count: number): Tensors =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, tensor]) => {
      const [rows = 0, ...rest] = tensor.shape;
      return [name, { ...tensor, shape: [count, rows / count, ...rest] }];
    }),
  );

async function evaluateEpoch({ options, lanes, rest }: Run): Promise<{
  readonly metric?: number;
  readonly parameters: Tensors;
}> {
  if (options.evaluate === undefined) return { parameters: {} };
  const parameters = await lanes.read();
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
const seedOf = (seed: number, step: number): number => seed * 65_537 + step;

function weightsOf(group: readonly Batch[], given: Tensor | undefined): Tensor {
  const weights = new Float32Array(group.reduce((sum, { indices }) => sum + indices.length, 0));
  weights.fill(1);
  if (given?.dtype === "float32") weights.set(given.data);
  let start = 0;
  for (const { indices, examples } of group) {
    weights.fill(0, start + examples, start + indices.length);
    start += indices.length;
  }
  return f32(weights);
}

function finite(
  loss: number | undefined,
  at: { readonly epoch: number; readonly step: number },
): number {
  if (loss !== undefined && Number.isFinite(loss)) return loss;
  throw new EdgeloopError("TRAINING_DIVERGED", "the loss is not finite: lower the learning rate", {
    details: { ...at, loss },
  });
}

const interrupted = (cause: unknown): EdgeloopError =>
  new EdgeloopError("TRAINING_INTERRUPTED", "training was stopped before its first epoch ended", {
    cause,
  });

const isBetter = (metric: number, than: number | undefined, goal: "max" | "min"): boolean =>
  than === undefined || (goal === "max" ? metric > than : metric < than);
