import { int } from "../graph/builder.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Emitter } from "./emitter.ts";
import { biasCorrections } from "./optimizers/adam.ts";
import type { Optimizer } from "./optimizers/optimizer.ts";

/** Name of the count of steps that a counting optimizer carries. */
export const stepCount = "optimizer.step";

/** What becomes of the gradients. */
export type UpdateOptions = {
  readonly optimizer: Optimizer;
  readonly proximal?: number;
  readonly variates?: boolean;
  readonly clipNorm?: number;
};

/** Keeps a division by the norm finite, as PyTorch's `clip_grad_norm_`. */
const normMin = 1e-6;

/**
 * Emits `<parameter>.next` and its state from gradients: clipped, then corrected, then given to the optimizer.
 *
 * Only what the data say is clipped; a pull or a variate is added afterwards and whole.
 *
 * @param gradients Names by parameter.
 * @throws `OPTIMIZER_INVALID` for a norm that is not above 0.
 * @see Pascanu, Mikolov, Bengio 2013, arXiv:1211.5063 (clipping); Karimireddy et al. 2020, arXiv:1910.06378 (variates).
 */
export function emitUpdates(
  emit: Emitter,
  options: UpdateOptions,
  gradients: ReadonlyMap<string, string>,
): void {
  const { optimizer, proximal, variates = false, clipNorm } = options;
  const learningRate = "learningRate";
  const { betas } = optimizer;
  const corrections =
    betas === undefined
      ? {}
      : { corrections: biasCorrections(emit, { betas, step: stepCount, learningRate }) };
  for (const [parameter, found] of clipNorm === undefined
    ? gradients
    : clipped(emit, gradients, clipNorm)) {
    let gradient = found;
    if (proximal !== undefined) {
      const away = emit.op("Sub", [parameter, `${parameter}.anchor`]);
      const pull = emit.op("Mul", [away, emit.number(proximal, "float32")]);
      gradient = emit.op("Add", [gradient, pull]);
    }
    if (variates) gradient = emit.op("Add", [gradient, `${parameter}.variate`]);
    optimizer.update({ emit, learningRate, ...corrections }, { parameter, gradient });
  }
}

function clipped(
  emit: Emitter,
  gradients: ReadonlyMap<string, string>,
  clipNorm: number,
): ReadonlyMap<string, string> {
  if (!(clipNorm > 0)) {
    throw new EdgeloopError("OPTIMIZER_INVALID", `the norm must be above 0, not ${clipNorm}`);
  }
  const squares = [...gradients.values()].map((gradient) =>
    emit.op("ReduceSumSquare", [gradient], { keepdims: int(0) }),
  );
  const norm = emit.op("Sqrt", [squares.reduce((a, b) => emit.op("Add", [a, b]))]);
  const room = emit.op("Div", [
    emit.number(clipNorm, "float32"),
    emit.op("Add", [norm, emit.number(normMin, "float32")]),
  ]);
  const factor = emit.op("Min", [room, emit.number(1, "float32")]);
  return new Map(
    [...gradients].map(([parameter, gradient]) => [parameter, emit.op("Mul", [gradient, factor])]),
  );
}
