import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder } from "../graph/builder.ts";
import { zeros } from "../graph/dtypes.ts";
import { fuseGemm } from "../graph/fuse-gemm.ts";
import type { Graph, ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { poolBeforeRelu } from "../graph/pool-before-relu.ts";
import type { Tensor } from "../graph/tensor.ts";
import { unrollMaxPool } from "../graph/unroll-max-pool.ts";
import { unrollRecurrence } from "../graph/unroll-recurrence.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Carry } from "../runtime/session.ts";
import { backward } from "./backward.ts";
import { dropoutInTraining } from "./dropout.ts";
import { emitter } from "./emitter.ts";
import { lossOutput } from "./loss-graph.ts";
import type { Loss } from "./losses/loss.ts";
import { batchOf, targetName, targetOf, totalOf } from "./losses/loss.ts";
import type { MicroBatching } from "./micro-batches.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";
import type { Recomputing } from "./recompute.ts";
import type { RunningStatistic } from "./training-mode.ts";
import { emitStatistics, trainingMode } from "./training-mode.ts";
import type { UpdateOptions } from "./updates.ts";
import { emitUpdates, stepCount } from "./updates.ts";
import { weightsOf } from "./weights-of.ts";

/** What to train and how. */
export type TrainingStepOptions = {
  readonly loss: Loss;
  readonly optimizer: Optimizer;
  /**
   * Which initialisers are learned: their names, or a test of a name. The test is asked of the model's weights
   * ({@link weightsOf}): of no running statistics, no constants and nothing that the loss does not depend on.
   */
  readonly trainable: readonly string[] | ((name: string) => boolean);
  /** The output that the loss is of; the first when absent. */
  readonly output?: string;
  /** Adds the input `weight`, one weight an example; 0 masks the padding of a last batch. */
  readonly weighted?: boolean;
  /** Pulls each parameter towards the input `<parameter>.anchor` with this strength (FedProx's mu). */
  readonly proximal?: number;
  /** Adds the input `<parameter>.variate` to each gradient: SCAFFOLD's server variate less the device's own. */
  readonly variates?: boolean;
  /** Longest that all gradients together may be; longer ones are scaled down to it. */
  readonly clipNorm?: number;
  /**
   * From `recomputing(n)`: in how many parts the forward pass is cut, of which all but the last are made again on the way back instead of
   * being kept: less memory, at most one more forward pass, the same results.
   */
  readonly recompute?: Recomputing;
  /**
   * From `microBatching(n)`: in how many parts a batch is taken, one after the other, their gradients added up: the memory of one part. The
   * gradients are the whole batch's within rounding, but for the statistics of normalizations, which are each part's
   * own, and for dropout's masks. A batch needs as many examples.
   */
  readonly microBatches?: MicroBatching;
};

/** A step graph, where it starts from, and what goes round. */
export type TrainingStep = {
  readonly graph: Graph;
  /** Every carried input: parameters, optimizer state (0), running statistics, `optimizer.step`. */
  readonly initial: ReadonlyMap<string, Tensor>;
  readonly carry: Carry;
  /** Which of the carried are learned; the others are state. */
  readonly parameters: readonly string[];
  /** In how many parts the forward pass is cut to be made again; 1 when all of it is kept. */
  readonly recompute: number;
};

/**
 * Writes one whole training step as a plain ONNX graph: forward, loss, backward and update.
 *
 * Inputs: the model's, `seed` (int64 of rank 0, if the model has dropout), `target` (unless the loss is of the
 * model's own input), `weight` (if weighted),
 * `learningRate` (rank 0), `<parameter>.anchor` (if proximal), `<parameter>.variate` (if asked for) and the carried
 * ones. Outputs: `loss` (of the parameters that came in) and `<name>.next` of each carried input. A
 * BatchNormalization whose scale or bias is trainable normalizes by the batch and its running statistics are carried,
 * moved as ONNX says (population variance); any other stays frozen.
 *
 * An example of weight 0 counts neither in the loss nor in the gradients, but still in the batch's statistics: pad
 * with real examples.
 *
 * @throws `TRAINABLE_UNKNOWN` when a name is no float32 initialiser, `TRAINABLE_UNUSED` when it does not influence the
 *   loss, `LOSS_INVALID`, `OPTIMIZER_INVALID`, `GRADIENT_UNSUPPORTED`, `RECURRENCE_UNSUPPORTED`,
 *   `MICRO_BATCHES_INVALID`.
 * @see Li et al. 2020, arXiv:1812.06127 (proximal term).
 */
export function trainingStep(original: Graph, options: TrainingStepOptions): TrainingStep {
  const { graph: model } = dropoutInTraining(
    unrollMaxPool(poolBeforeRelu(unrollRecurrence(original))),
  );
  const parameters = parametersOf(original, options);
  const { graph, statistics } = trainingMode(model, (name) => parameters.includes(name));
  const initial = initialOf(graph, options.optimizer, parameters);
  for (const { name } of statistics) initial.set(name, initialiserOf(model, name));
  const builder = graphBuilder({
    ...graph,
    name: `${model.name}/step`,
    inputs: [...graph.inputs],
    outputs: [],
    initializers: new Map([...graph.initializers].filter(([name]) => !initial.has(name))),
  });
  const emit = emitter(builder, "step");
  const logits = lossOutput(model, options);
  const target = targetOf(options.loss, model, logits);
  declareInputs(builder.input, { options, logits, target, initial, parameters });
  const loss = options.loss.emit(emitter(builder, "loss"), {
    output: logits,
    target,
    ...(options.weighted === true ? { weight: "weight" } : {}),
  });
  emit.named("loss", "Identity", [loss]);

  const forward = builder.build();
  const values = inferValues(forward);
  const { recompute, microBatches } = options;
  const segments = recompute?.segments ?? 1;
  const parts = microBatches?.parts ?? 1;
  const seed = parts === 1 ? emit.number(1, "float32") : declareShare(builder);
  const gradients = backward(emitter(builder, "grad"), {
    graph: forward,
    values,
    ...(recompute === undefined || segments < 2
      ? {}
      : {
          recompute: recompute.apply(emitter(builder, "again"), {
            graph: forward,
            values,
            segments,
          }),
        }),
    seeds: new Map([["loss", seed]]),
    wrt: new Set(parameters),
  });
  const whole = { gradients: usedGradients(parameters, gradients), statistics };
  const step = { ...options, ...whole, initial, parameters, segments };
  if (microBatches === undefined || parts === 1) return finish(builder, step);
  const [batch = ""] = batchOf(logits);
  const weight = options.weighted === true ? "weight" : undefined;
  const split = microBatches.apply(
    {
      ...whole,
      ...{ graph: builder.build(), share: shareName, batch },
      total: (to, of) =>
        totalOf(to, options.loss, {
          output: logits,
          target: of(target),
          ...(weight === undefined ? {} : { weight: of(weight) }),
        }),
    },
    parts,
  );
  return finish(split.builder, { ...step, ...split });
}

/** Name of the gradient that a part of a batch starts from. */
const shareName = "micro/share";

const declareShare = (builder: GraphBuilder): string =>
  builder.input({ name: shareName, dtype: "float32", shape: [] });

function parametersOf(model: Graph, { trainable, ...of }: TrainingStepOptions): string[] {
  if (typeof trainable === "function")
    return weightsOf(model, lossOutput(model, of)).filter(trainable);
  for (const name of trainable) initialiserOf(model, name);
  return [...trainable];
}

function initialiserOf(model: Graph, name: string): Tensor {
  const tensor = model.initializers.get(name);
  if (tensor?.dtype === "float32") return tensor;
  throw new EdgeloopError(
    "TRAINABLE_UNKNOWN",
    `${name} is not a float32 initialiser of the model`,
    {
      details: { name, model: model.name },
    },
  );
}

function initialOf(
  model: Graph,
  optimizer: Optimizer,
  parameters: readonly string[],
): Map<string, Tensor> {
  const initial = new Map<string, Tensor>();
  for (const name of parameters) initial.set(name, initialiserOf(model, name));
  for (const name of parameters) {
    const { shape } = initialiserOf(model, name);
    for (const state of optimizer.states) initial.set(`${name}.${state}`, zeros("float32", shape));
  }
  if (optimizer.betas !== undefined) initial.set(stepCount, zeros("int64", []));
  return initial;
}

type Declared = {
  readonly options: TrainingStepOptions;
  readonly logits: ValueInfo;
  readonly target: string;
  readonly initial: ReadonlyMap<string, Tensor>;
  readonly parameters: readonly string[];
};

function declareInputs(
  input: (info: ValueInfo) => string,
  { options, logits, target, initial, parameters }: Declared,
): void {
  if (target === targetName) input({ name: target, ...options.loss.target(logits) });
  if (options.weighted === true)
    input({ name: "weight", dtype: "float32", shape: batchOf(logits) });
  input({ name: "learningRate", dtype: "float32", shape: [] });
  for (const [name, { dtype, shape }] of initial) input({ name, dtype, shape });
  const extras = [
    ...(options.proximal === undefined ? [] : ["anchor"]),
    ...(options.variates === true ? ["variate"] : []),
  ];
  for (const name of parameters) {
    const shape = initial.get(name)?.shape ?? [];
    for (const extra of extras) input({ name: `${name}.${extra}`, dtype: "float32", shape });
  }
}

function usedGradients(
  parameters: readonly string[],
  gradients: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map(
    parameters.map((parameter) => {
      const gradient = gradients.get(parameter);
      if (gradient !== undefined) return [parameter, gradient];
      throw new EdgeloopError("TRAINABLE_UNUSED", `${parameter} does not influence the loss`, {
        details: { parameter },
      });
    }),
  );
}

type Finished = UpdateOptions &
  Pick<TrainingStep, "initial" | "parameters"> & {
    readonly segments: number;
    readonly gradients: ReadonlyMap<string, string>;
    readonly statistics: readonly RunningStatistic[];
  };

/** Emits the updates, declares the outputs and leaves out what none of them needs. */
function finish(
  builder: GraphBuilder,
  { initial, parameters, segments, gradients, statistics, ...options }: Finished,
): TrainingStep {
  const emit = emitter(builder, "step");
  emitUpdates(emit, options, gradients);
  emitStatistics(emit, statistics);
  const graph = builder.build();
  const next = [...initial].map(([name, { dtype, shape }]) => ({
    name: `${name}.next`,
    dtype,
    shape,
  }));
  const outputs: ValueInfo[] = [{ name: "loss", dtype: "float32", shape: [] }, ...next];
  const needed = new Set(outputs.map((info) => info.name));
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      const isNeeded = node.outputs.some((name) => needed.has(name));
      if (isNeeded) for (const name of node.inputs) needed.add(name);
      return isNeeded;
    })
    .reverse();
  const initializers = new Map([...graph.initializers].filter(([name]) => needed.has(name)));
  const carry: Carry = [...initial.keys()].map((name) => [`${name}.next`, name]);
  const step = fuseGemm({ ...graph, outputs, nodes, initializers });
  return { graph: step, initial, carry, parameters, recompute: segments };
}
