import { int } from "../../graph/builder.ts";
import type { ValueInfo } from "../../graph/graph.ts";
import type { Emitter } from "../emitter.ts";
import type { Loss } from "./loss.ts";
import { batchOf, lossInvalid, weightedMean } from "./loss.ts";

/** Emits the loss of each element. */
type Element = (emit: Emitter, output: string, target: string) => string;

const scaled = (emit: Emitter, value: string, by: number): string =>
  emit.op("Mul", [value, emit.number(by, "float32")]);

/** The mean over elements of a function of output and target; with weights, of the examples' own means. */
const elementwise = (kind: string, element: Element, contains?: string): Loss => ({
  kind,
  ...(contains === undefined ? {} : { contains }),
  target: sameShape,
  emit(emit, { output, target, weight }) {
    const losses = element(emit, output.name, target);
    if (weight === undefined) return weightedMean(emit, losses, []);
    const rows = emit.op("Flatten", [losses], { axis: int(1) });
    const own = emit.op("ReduceMean", [rows, emit.ints([1])], { keepdims: int(0) });
    return weightedMean(emit, emit.op("Mul", [own, weight]), [weight]);
  },
});

function sameShape(output: ValueInfo): Omit<ValueInfo, "name"> {
  batchOf(output);
  return { dtype: output.dtype, ...(output.shape === undefined ? {} : { shape: output.shape }) };
}

/** Mean of the squared differences between the output and a target of its shape. */
export const meanSquared = (): Loss =>
  elementwise("mean-squared", (emit, output, target) => {
    const difference = emit.op("Sub", [output, target]);
    return emit.op("Mul", [difference, difference]);
  });

/**
 * Mean of the squared differences between the output and the model's own first input: what an autoencoder learns by.
 * A step of it has no input `target`.
 */
export const reconstruction = (): Loss => ({
  ...meanSquared(),
  kind: "reconstruction",
  isOfInput: true,
});

/** Mean of the absolute differences, as PyTorch's `l1_loss`. */
export const meanAbsolute = (): Loss =>
  elementwise("mean-absolute", (emit, output, target) =>
    emit.op("Abs", [emit.op("Sub", [output, target])]),
  );

/**
 * Squared below `delta` and straight above it, as PyTorch's `huber_loss`.
 *
 * @throws `LOSS_INVALID` when `delta` is not above 0.
 * @see Huber 1964, doi:10.1214/aoms/1177703732.
 */
export function huber(delta = 1): Loss {
  if (!(delta > 0)) throw lossInvalid("delta must be above 0", { delta });
  return elementwise("huber", (emit, output, target) => {
    const size = emit.op("Abs", [emit.op("Sub", [output, target])]);
    // The part up to delta squared, the rest straight: m (|d| - m / 2) with m = min(|d|, delta).
    const part = emit.op("Min", [size, emit.number(delta, "float32")]);
    return emit.op("Mul", [part, emit.op("Sub", [size, scaled(emit, part, 0.5)])]);
  });
}

/**
 * The pinball loss, least at the `level` quantile of the target.
 *
 * @throws `LOSS_INVALID` when `level` lies outside (0, 1).
 * @see Koenker, Bassett 1978, doi:10.2307/1913643.
 */
export function quantile(level: number): Loss {
  if (!(level > 0 && level < 1)) throw lossInvalid("a level must lie in (0, 1)", { level });
  return elementwise("quantile", (emit, output, target) => {
    const short = emit.op("Sub", [target, output]);
    return emit.op("Max", [scaled(emit, short, level), scaled(emit, short, level - 1)]);
  });
}

/** Cross-entropy of a sigmoid over logits, target in [0, 1], as PyTorch's `binary_cross_entropy_with_logits`. */
export const binaryCrossEntropy = (): Loss =>
  elementwise(
    "binary-cross-entropy",
    (emit, output, target) =>
      emit.op("Sub", [emit.op("Softplus", [output]), emit.op("Mul", [output, target])]),
    "Sigmoid",
  );
