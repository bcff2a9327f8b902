import type { Tensor } from "@edgeloop/core/graph";
import { decodeOnnx, decodeSafetensors, encodeSafetensors, f32, zeros } from "@edgeloop/core/graph";
import type { BlobStore, Clock, Name } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { constant, runTraining, tensorDataset } from "@edgeloop/core/training";
import { loadModel } from "../line-models.ts";
import type { Participant, Readiness } from "../participant.ts";
import type { Plan } from "../plan.ts";
import type { SliceConfusion } from "../round-messages.ts";
import type { ToyData } from "./toy-line.ts";
import { floats, runToy, toyClasses, toyHistograms, toyWindows } from "./toy-line.ts";

/** What a toy participant stands on. */
export type ToyParticipantOptions = {
  readonly device: Name;
  readonly data: ToyData;
  readonly blobs: BlobStore;
  readonly clock: Clock;
  /** What it says to an offer; ready when absent. */
  readonly readiness?: (plan: Plan) => Readiness;
  /** Told what it is asked to do, before it does it. */
  readonly onCall?: (method: keyof Participant) => Promise<void> | void;
};

/** A participant that trains the toy line's model for real, on data in memory, on the WASM runtime. */
export function toyParticipant(options: ToyParticipantOptions): Participant {
  const { device, data, blobs, onCall } = options;
  const examples = data.targets.length;
  return {
    async prepare(plan) {
      await onCall?.("prepare");
      return options.readiness?.(plan) ?? { kind: "ready", examples };
    },
    async train(plan) {
      await onCall?.("train");
      return { payload: await trainToy(plan, options), examples };
    },
    async calibrate(_plan, task) {
      await onCall?.("calibrate");
      const graph = await loadModel(task.model, blobs);
      const histograms = await toyHistograms(graph, task.observed, toyWindows(data));
      return { windows: examples, histograms };
    },
    async evaluate(_plan, task) {
      await onCall?.("evaluate");
      const confusions: SliceConfusion[] = [];
      for (const { name, model } of task.models) {
        const graph = await loadModel(model, blobs);
        const outputs = await runToy(graph, toyWindows(data), [task.scores]);
        const counts = countsOf(data, floats(outputs[task.scores]));
        confusions.push({ model: name, slice: device, counts });
      }
      return { windows: examples, confusions };
    },
  };
}

async function trainToy(
  plan: Plan,
  { data, blobs, clock }: ToyParticipantOptions,
): Promise<Uint8Array> {
  const base = decodeSafetensors(await blobs.get(plan.base.sha256));
  const { backend, threads, batchSize, epochs, seed, learningRate } = plan.training;
  const graph = decodeOnnx(await blobs.get(plan.step.graph.sha256));
  const session = await openSession(graph, { backend, threads });
  try {
    const { parameters } = await runTraining({
      session,
      carry: plan.step.carry.map(({ output, input }) => [output, input] as const),
      initial: new Map(
        plan.step.carry.map(({ input, dtype, shape }): [string, Tensor] => [
          input,
          base.get(input) ?? zeros(dtype, shape),
        ]),
      ),
      dataset: tensorDataset({
        [plan.step.window]: toyWindows(data),
        [plan.step.target]: {
          dtype: "int64",
          shape: [data.targets.length],
          data: BigInt64Array.from(data.targets, BigInt),
        },
      }),
      batchSize,
      epochs,
      seed,
      learningRate: constant(learningRate),
      clock,
    });
    return encodeSafetensors(
      new Map(
        [...base].map(([name, before]) => {
          const start = floats(before);
          const change = floats(parameters[name]).map((value, at) => value - (start[at] ?? 0));
          return [name, f32(change, before.shape)];
        }),
      ),
    );
  } finally {
    await session.dispose();
  }
}

function countsOf({ targets }: ToyData, scores: Float32Array): readonly number[] {
  const classes = toyClasses.length;
  const counts = new Array<number>(classes * classes).fill(0);
  for (const [row, target] of targets.entries()) {
    const own = scores.subarray(row * classes, (row + 1) * classes);
    const cell = target * classes + own.indexOf(Math.max(...own));
    counts[cell] = (counts[cell] ?? 0) + 1;
  }
  return counts;
}
