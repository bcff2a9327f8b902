import { int } from "../../graph/builder.ts";
import type { ValueInfo } from "../../graph/graph.ts";
import { f32 } from "../../graph/tensor.ts";
import type { Emitter } from "../emitter.ts";
import type { Loss } from "./loss.ts";
import { batchOf, lossInvalid, weightedMean } from "./loss.ts";

function oneHot(emit: Emitter, target: string, classes: number): string {
  const onOff = emit.tensor(f32([0, 1]));
  return emit.op("OneHot", [target, emit.ints([classes]), onOff], { axis: int(-1) });
}

/** Choices of a softmax cross-entropy. */
export type CrossEntropyOptions = {
  /** Share of the target spread over all classes, in [0, 1). */
  readonly labelSmoothing?: number;
  /** One weight a class. */
  readonly classWeights?: readonly number[];
  /** The target is a probability a class, `[N, class]` float, instead of a class index. */
  readonly softTarget?: boolean;
};

/**
 * Cross-entropy of a softmax over logits `[N, class]`, with a class index `[N]` as the target.
 *
 * As PyTorch's `cross_entropy`: the mean divides by the sum of the targets' class weights (with
 * soft targets by the number of examples). A target outside the
 * classes adds nothing to the sum but smoothing; give such examples weight 0.
 *
 * @throws `LOSS_INVALID` for a smoothing outside [0, 1) or, once applied, an output that is not `[N, class]`.
 */
export function softmaxCrossEntropy(options: CrossEntropyOptions = {}): Loss {
  const { labelSmoothing = 0, classWeights, softTarget = false } = options;
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
  /** Weights of the targets' classes, one an example. */
  const classWeightsOf = (emit: Emitter, hot: string): string =>
    emit.op(
      "ReduceSum",
      [emit.op("Mul", [hot, emit.tensor(f32(classWeights ?? []))]), emit.ints([1])],
      {
        keepdims: int(0),
      },
    );
  return {
    kind: "softmax-cross-entropy",
    contains: "Softmax",
    ...(classWeights === undefined || softTarget
      ? {}
      : {
          total(emit, { output, target, weight }) {
            const own = classWeightsOf(emit, oneHot(emit, target, classesOf(output)));
            const weighed = weight === undefined ? own : emit.op("Mul", [own, weight]);
            return emit.op("ReduceSum", [weighed], { keepdims: int(0) });
          },
        }),
    target(output) {
      const classes = classesOf(output);
      return softTarget
        ? { dtype: "float32", shape: [...batchOf(output), classes] }
        : { dtype: "int64", shape: batchOf(output) };
    },
    emit(emit, { output, target, weight }) {
      const classes = classesOf(output);
      const scalar = (value: number): string => emit.number(value, "float32");
      const hot = softTarget ? target : oneHot(emit, target, classes);
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
        ...(classWeights === undefined || softTarget ? [] : [sum(perClass(hot))]),
      ]);
    },
  };
}
