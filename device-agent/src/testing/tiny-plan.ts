import type { ModelRef, Plan, PlanCarry } from "@edgeloop/cloud-sync";
import { sgd, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
import type { Tensor } from "@edgeloop/core/graph";
import { encodeOnnx, encodeSafetensors, splitWeights } from "@edgeloop/core/graph";
import type { BlobStore, Sha256 } from "@edgeloop/core/platform";
import { parseName } from "@edgeloop/core/platform";
import { tinyGraph } from "./tiny-bundle.ts";

/** Writes a plan that trains the head of a tiny bundle; its blobs are in the store afterwards. */
export async function tinyPlan(
  blobs: BlobStore,
  parent: Sha256,
  { data, ...over }: Partial<Plan> & Pick<Plan, "data">,
): Promise<Plan> {
  const trainable = ["head.weight", "head.bias"];
  const step = trainingStep(tinyGraph(), {
    loss: softmaxCrossEntropy(),
    optimizer: sgd({ momentum: 0.9 }),
    trainable,
    weighted: true,
  });
  const base = new Map([...step.initial].filter(([name]) => trainable.includes(name)));
  return {
    format: 1,
    fleet: parseName("plant"),
    campaign: parseName("campaign-1"),
    round: parseName("round-1"),
    attempt: 1,
    line: parseName("pumps"),
    parent,
    base: await blobs.put(encodeSafetensors(base)),
    classes: ["still", "moving"],
    step: {
      graph: await blobs.put(encodeOnnx(step.graph)),
      carry: step.carry.map(([output, input]) => carryOf(output, input, step.initial)),
      window: "window",
      target: "target",
      weight: "weight",
      learningRate: "learningRate",
      loss: "loss",
    },
    training: {
      seed: 1,
      order: "shuffled",
      epochs: 2,
      batchSize: 4,
      learningRate: 0.01,
      backend: "wasm",
      threads: 1,
    },
    limits: {
      valueMax: 16,
      weightMax: 10_000,
      cohortMax: 10,
      examplesMax: 10_000,
      payloadBytesMax: 65_536,
    },
    ...over,
    data,
  };
}

/** Stores the tiny model as tasks name models. */
export async function tinyModelRef(blobs: BlobStore, threshold = 1): Promise<ModelRef> {
  const { graph, tensors } = splitWeights(tinyGraph(threshold));
  return {
    graph: await blobs.put(encodeOnnx(graph)),
    tensors: await blobs.put(encodeSafetensors(tensors)),
  };
}

function carryOf(output: string, input: string, initial: ReadonlyMap<string, Tensor>): PlanCarry {
  const tensor = initial.get(input);
  const dtype = tensor?.dtype === "int64" ? "int64" : "float32";
  return { output, input, dtype, shape: tensor?.shape ?? [] };
}
