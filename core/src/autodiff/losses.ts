import { int } from "../graph/builder.ts";
import type { Dim, ValueInfo } from "../graph/graph.ts";
import { f32 } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Emitter } from "./emitter.ts";

/** What a loss is computed from, by name. */
export type LossInputs = {
  readonly output: ValueInfo;
  readonly target: string;
  /** One weight an example, `[N]`; absent when all count the same. */
  readonly weight?: string;
};

/** A function of a model's output and a target, averaged over the examples of a batch. */
export type Loss = {
  readonly kind: string;
  /** An operator that the loss contains: where the model ends with it, the loss takes its input. */
  readonly contains?: string;
  /** What the target looks like for an output. @throws `LOSS_INVALID` when the output does not suit the loss. */
  target(output: ValueInfo): Omit<ValueInfo, "name">;
  /** Emits the loss and returns the scalar's name. */
  emit(emit: Emitter, inputs: LossInputs): string;
};

/** Below this sum of weights a batch counts as empty: its loss and its gradients are 0. */
const weightSumMin = 1e-12;

/** Sum of the examples' losses over the sum of their weights. */
function weightedMean(emit: Emitter, losses: string, weights: readonly string[]): string {
  const [first, ...rest] = weights;
  if (first === undefined) return emit.op("ReduceMean", [losses], { keepdims: int(0) });
  const sum = (value: string): string => emit.op("ReduceSum", [value], { keepdims: int(0) });
  const total = sum(rest.reduce((a, b) => emit.op("Mul", [a, b]), first));
  return emit.op("Div", [
    sum(losses),
    emit.op("Max", [total, emit.number(weightSumMin, "float32")]),
  ]);
}

/** Choices of a softmax cross-entropy. */
export type CrossEntropyOptions = {
  /** Share of the target spread over all classes, in [0, 1). */
  readonly labelSmoothing?: number;
  /** One weight a class. */
  readonly classWeights?: readonly number[];
};

/**
 * Cross-entropy of a softmax over logits `[N, class]`, with a class index `[N]` as the target.
 *
 * As PyTorch's `cross_entropy`: the mean divides by the sum of the targets' class weights. A target outside the
 * classes adds nothing to the sum but smoothing; give such examples weight 0.
 *
 * @throws `LOSS_INVALID` for a smoothing outside [0, 1) or, once applied, an output that is not `[N, class]`.
 */
export function softmaxCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { labelSmoothing = 0, classWeights } = options;
  if (!(labelSmoothing >= 0 && labelSmoothing < 1)) {
    throw lossInvalid("label smoothing must lie in [0, 1)", { labelSmoothing });
  }
  const classesOf = ({ shape, name }: ValueInfo): number => {
    const classes = shape?.[1];
    if (shape?.length !== 2 || typeof classes !== "number") {
      throw lossInvalid(`cross-entropy needs logits [N, class], and ${name} is [${shape}]`, {
        name,
      });
    }
    if (classWeights !== undefined && classWeights.length !== classes) {
      throw lossInvalid(`expected ${classes} class weights, got ${classWeights.length}`, { name });
    }
    return classes;
  };
  return {
    kind: "softmax-cross-entropy",
    contains: "Softmax",
    target(output) {
      classesOf(output);
      return { dtype: "int64", shape: batchOf(output) };
    },
    emit(emit, { output, target, weight }) {
      const classes = classesOf(output);
      const scalar = (value: number): string => emit.number(value, "float32");
      const onOff = emit.tensor(f32([0, 1]));
      const hot = emit.op("OneHot", [target, emit.ints([classes]), onOff], { axis: int(-1) });
      const perClass = (value: string): string =>
        classWeights === undefined
          ? value
          : emit.op("Mul", [value, emit.tensor(f32(classWeights))]);
      const smooth =
        labelSmoothing === 0
          ? hot
          : emit.op("Add", [
              emit.op("Mul", [hot, scalar(1 - labelSmoothing)]),
              scalar(labelSmoothing / classes),
            ]);
      const sum = (value: string): string =>
        emit.op("ReduceSum", [value, emit.ints([1])], { keepdims: int(0) });
      const logs = emit.op("LogSoftmax", [output.name], { axis: int(1) });
      const own = emit.op("Neg", [sum(emit.op("Mul", [logs, perClass(smooth)]))]);
      const losses = weight === undefined ? own : emit.op("Mul", [own, weight]);
      return weightedMean(emit, losses, [
        ...(weight === undefined ? [] : [weight]),
        ...(classWeights === undefined ? [] : [sum(perClass(hot))]),
      ]);
    },
  };
}

/** Mean of the squared differences between the output and a target of its shape. */
export function meanSquared(): Loss {
  return {
    kind: "mean-squared",
    target: (output) => {
      batchOf(output);
      return {
        dtype: output.dtype,
        ...(output.shape === undefined ? {} : { shape: output.shape }),
      };
    },
    emit(emit, { output, target, weight }) {
      const difference = emit.op("Sub", [output.name, target]);
      const squares = emit.op("Mul", [difference, difference]);
      if (weight === undefined) return weightedMean(emit, squares, []);
      const rows = emit.op("Flatten", [squares], { axis: int(1) });
      const own = emit.op("ReduceMean", [rows, emit.ints([1])], { keepdims: int(0) });
      return weightedMean(emit, emit.op("Mul", [own, weight]), [weight]);
    },
  };
}

/** The batch axis of an output. */
export function batchOf({ name, shape }: ValueInfo): readonly Dim[] {
  const batch = shape?.[0];
  if (batch === undefined) throw lossInvalid(`${name} has no batch axis`, { name });
  return [batch];
}

const lossInvalid = (message: string, details: Readonly<Record<string, unknown>>): EdgeloopError =>
  new EdgeloopError("LOSS_INVALID", message, { details });
