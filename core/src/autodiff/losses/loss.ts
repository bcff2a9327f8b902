import { int } from "../../graph/builder.ts";
import type { Dim, Graph, ValueInfo } from "../../graph/graph.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import type { Emitter } from "../emitter.ts";
import { castTo } from "../emitter.ts";

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
  /** The target is the model's own input: there is no input `target`. */
  readonly isOfInput?: true;
  /** What the target looks like for an output. @throws `LOSS_INVALID` when the output does not suit the loss. */
  target(output: ValueInfo): Omit<ValueInfo, "name">;
  /** Emits the loss and returns the scalar's name. */
  emit(emit: Emitter, inputs: LossInputs): string;
  /**
   * Emits what the examples count for, all together: the loss of a batch is that of its parts, averaged by this. Their
   * number, or the sum of their weights, when absent.
   */
  total?(emit: Emitter, inputs: LossInputs): string;
};

/** Name of the target that people give. */
export const targetName = "target";

/**
 * Finds what a loss compares a model's output with: the input `target`, or the model's own input.
 *
 * @throws `LOSS_INVALID` when the output is not to be compared with the model's input.
 */
export function targetOf(
  loss: Loss,
  { inputs: [first] }: Pick<Graph, "inputs">,
  output: ValueInfo,
): string {
  if (loss.isOfInput === undefined) return targetName;
  const isSame = first?.dtype === output.dtype && sameShape(first.shape, output.shape);
  if (first !== undefined && isSame) return first.name;
  throw lossInvalid(
    `the loss "${loss.kind}" needs an output of the input's shape [${first?.shape}], and ${output.name} is [${output.shape}]`,
    { output: output.name, input: first?.name },
  );
}

const sameShape = (a: readonly Dim[] | undefined, b: readonly Dim[] | undefined): boolean =>
  a === undefined ||
  b === undefined ||
  (a.length === b.length && a.every((dim, at) => dim === b[at]));

/** Emits what the examples of a loss count for, all together. */
export function totalOf(emit: Emitter, loss: Loss, inputs: LossInputs): string {
  if (loss.total !== undefined) return loss.total(emit, inputs);
  if (inputs.weight !== undefined)
    return emit.op("ReduceSum", [inputs.weight], { keepdims: int(0) });
  const rows = emit.op("Gather", [emit.op("Shape", [inputs.target]), emit.ints([0])]);
  return emit.op("ReduceSum", [emit.op("Cast", [rows], castTo("float32"))], { keepdims: int(0) });
}

/** Below this sum of weights a batch counts as empty: its loss and its gradients are 0. */
const weightSumMin = 1e-12;

/** Sum of the examples' losses over the sum of their weights. */
export function weightedMean(emit: Emitter, losses: string, weights: readonly string[]): string {
  const [first, ...rest] = weights;
  if (first === undefined) return emit.op("ReduceMean", [losses], { keepdims: int(0) });
  const sum = (value: string): string => emit.op("ReduceSum", [value], { keepdims: int(0) });
  const total = sum(rest.reduce((a, b) => emit.op("Mul", [a, b]), first));
  return emit.op("Div", [
    sum(losses),
    emit.op("Max", [total, emit.number(weightSumMin, "float32")]),
  ]);
}

/** The batch axis of an output. */
export function batchOf({ name, shape }: ValueInfo): readonly Dim[] {
  const batch = shape?.[0];
  if (batch === undefined) throw lossInvalid(`${name} has no batch axis`, { name });
  return [batch];
}

/** Makes the error for an output or an option that does not suit a loss. */
export const lossInvalid = (
  message: string,
  details: Readonly<Record<string, unknown>>,
): EdgeloopError => new EdgeloopError("LOSS_INVALID", message, { details });
