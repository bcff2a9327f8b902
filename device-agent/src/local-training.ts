import type { Plan, PlanCarry } from "@edgeloop/cloud-sync";
import type { Tensor } from "@edgeloop/core/graph";
import { decodeSafetensors, encodeSafetensors, f32, zeros } from "@edgeloop/core/graph";
import type { Clock } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Session, SessionOptions } from "@edgeloop/core/runtime";
import { constant, runTraining, windowDataset } from "@edgeloop/core/training";
import type { LearnerStart } from "./learner-protocol.ts";

/** Opens a model where the learner runs. */
export type OpenModel = (model: Uint8Array, options: SessionOptions) => Promise<Session>;

/** Windows with their classes: all that a session learns from, in the order of the list. */
export type Examples = {
  /** Row-major `[window, time, channel]`. */
  readonly data: Float32Array;
  readonly targets: readonly number[];
};

/**
 * Trains on this device's own windows, augmented where the plan says so: a pure function of base, step graph,
 * examples, seed and backend.
 *
 * @returns Safetensors of the trained value minus the base, float32, for each tensor of the base; coordinates beyond
 * the plan's `valueMax` are cut to it.
 * @throws `PLAN_UNSUPPORTED` when the step graph's ends are not those of `trainingStep`, `TRAINING_DIVERGED`.
 */
export async function trainLocally(
  { plan, window }: LearnerStart,
  blobs: { readonly base: Uint8Array; readonly step: Uint8Array },
  { examples, open, clock }: { examples: Examples; open: OpenModel; clock: Clock },
): Promise<Uint8Array> {
  checkNames(plan);
  const base = decodeSafetensors(blobs.base);
  const { backend, threads, batchSize, epochs, seed, learningRate, augment } = plan.training;
  const session = await open(blobs.step, { backend, threads });
  try {
    const { parameters } = await runTraining({
      session,
      carry: plan.step.carry.map(({ output, input }) => [output, input] as const),
      initial: new Map(plan.step.carry.map((carry) => [carry.input, initialOf(carry, base)])),
      dataset: windowDataset(
        { ...window, data: examples.data, labels: examples.targets },
        plan.step,
        augment && { augment, seed },
      ),
      batchSize,
      epochs,
      seed,
      learningRate: constant(learningRate),
      clock,
    });
    const differences = [...base].map(([name, before]): [string, Tensor] => [
      name,
      difference(before, parameters[name] ?? before, plan.limits.valueMax),
    ]);
    return encodeSafetensors(new Map(differences));
  } finally {
    await session.dispose();
  }
}

function initialOf(carry: PlanCarry, base: ReadonlyMap<string, Tensor>): Tensor {
  return base.get(carry.input) ?? zeros(carry.dtype, carry.shape);
}

// The training loop knows these ends by the names that `trainingStep` gives them.
function checkNames({ step }: Plan): void {
  const weight = step.weight ?? "weight";
  if (weight === "weight" && step.learningRate === "learningRate" && step.loss === "loss") return;
  throw new EdgeloopError("PLAN_UNSUPPORTED", "expected ends named weight, learningRate and loss", {
    details: { weight, learningRate: step.learningRate, loss: step.loss },
  });
}

function difference(before: Tensor, after: Tensor, valueMax: number): Tensor {
  if (before.dtype !== "float32" || after.dtype !== "float32") {
    throw new EdgeloopError("PLAN_UNSUPPORTED", "expected base tensors of float32");
  }
  const start = before.data;
  return f32(
    after.data.map((value, at) =>
      Math.min(valueMax, Math.max(-valueMax, value - (start[at] ?? 0))),
    ),
    before.shape,
  );
}
