import type { Optimizer } from "@edgeloop/core/autodiff";
import { adamW, sgd, softmaxCrossEntropy, trainingStep } from "@edgeloop/core/autodiff";
import type { Manifest } from "@edgeloop/core/bundle";
import { loadGraph, loadWeights } from "@edgeloop/core/bundle";
import type { Graph, Tensor } from "@edgeloop/core/graph";
import {
  attachWeights,
  decodeOnnx,
  encodeOnnx,
  encodeSafetensors,
  splitWeights,
} from "@edgeloop/core/graph";
import type { BlobRef, BlobStore, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Ranges } from "@edgeloop/core/quantize";
import { observe, quantize } from "@edgeloop/core/quantize";
import { readTensors } from "./aggregate.ts";
import type { Blueprint } from "./campaign-events.ts";
import type { PlanStep } from "./plan.ts";
import type { ModelRef } from "./wire-schema.ts";

/** How models of a line are learned and quantized. */
export type LineModelSettings = {
  readonly optimizer:
    | { readonly kind: "sgd"; readonly momentum: number; readonly weightDecay: number }
    | { readonly kind: "adamw"; readonly weightDecay: number };
  readonly labelSmoothing: number;
  /** Values before which the int8 graph stays in float; as the release in the field was quantized. */
  readonly quantizeAfter: readonly string[];
};

/** A released bundle and where its blobs lie. */
export type ReleasedBundle = {
  readonly manifest: Manifest;
  readonly identity: Sha256;
  readonly blobs: BlobStore;
};

/**
 * Tells a learned tensor from a constant of the pipeline by its name, `<layer>.<role>`.
 *
 * @example
 * isLearned("conv1.weight"); // => true
 */
export const isLearned = (name: string): boolean => /\.(weight|bias|scale)$/.test(name);

/**
 * Builds the graphs of a campaign from the bundle in the field, and stores their blobs.
 *
 * @param blobs Where devices fetch from.
 */
export async function blueprintOf(
  bundle: ReleasedBundle,
  settings: LineModelSettings,
  blobs: BlobStore,
): Promise<Blueprint> {
  const { manifest, identity } = bundle;
  const graph = await loadGraph(manifest, bundle.blobs, "float");
  const step = trainingStep(graph, {
    loss: softmaxCrossEntropy({ labelSmoothing: settings.labelSmoothing }),
    optimizer: optimizerOf(settings.optimizer),
    trainable: isLearned,
    weighted: true,
  });
  const parameters = [...step.initial].filter(([name]) => graph.initializers.has(name));
  const window = nameOf(graph.inputs[0]?.name);
  const planStep: PlanStep = {
    graph: await blobs.put(encodeOnnx(step.graph)),
    carry: step.carry.map(([output, input]) => carryOf(output, input, step.initial.get(input))),
    window,
    target: "target",
    weight: "weight",
    learningRate: "learningRate",
    loss: "loss",
  };
  const names = parameters.map(([name]) => name);
  return {
    parent: identity,
    base: await blobs.put(encodeSafetensors(sorted(parameters))),
    classes: manifest.classes,
    step: planStep,
    observed: observe(graph, { after: settings.quantizeAfter }).observed,
    float: await blobs.put(encodeOnnx(asInputs(graph, names))),
    parentInt8: await copyInt8(bundle, blobs),
    window,
    scores: nameOf(graph.outputs[0]?.name),
  };
}

/** Puts a candidate's parameters into the float graph. @throws `WEIGHTS_MISMATCH` */
export async function floatCandidate(
  blueprint: Blueprint,
  parameters: BlobRef,
  blobs: BlobStore,
): Promise<Graph> {
  const graph = decodeOnnx(await blobs.get(blueprint.float.sha256));
  const tensors = await readTensors(blobs, parameters);
  return attachWeights(graph, new Map(Object.entries(tensors)));
}

/** Prepares a candidate for calibration: activations become outputs. */
export async function observedCandidate(
  graph: Graph,
  settings: LineModelSettings,
  blobs: BlobStore,
): Promise<ModelRef> {
  return await storeSplit(observe(graph, { after: settings.quantizeAfter }).graph, blobs);
}

/**
 * Quantizes a candidate.
 *
 * @throws `QUANTIZATION_MISMATCH` when the graph is not the one of the line, which every device would refuse.
 */
export async function int8Candidate(
  graph: Graph,
  ranges: Ranges,
  {
    settings,
    parent,
    blobs,
  }: {
    readonly settings: LineModelSettings;
    readonly parent: ModelRef;
    readonly blobs: BlobStore;
  },
): Promise<ModelRef> {
  const model = await storeSplit(quantize(graph, ranges, { after: settings.quantizeAfter }), blobs);
  if (model.graph.sha256 === parent.graph.sha256) return model;
  throw new EdgeloopError(
    "QUANTIZATION_MISMATCH",
    "the quantized graph is not the line's: quantizeAfter must be as when the line was released",
    { details: { expected: parent.graph.sha256, received: model.graph.sha256 } },
  );
}

/** Reads a model and its weights again. @throws `BLOB_MISSING`, `WEIGHTS_MISMATCH` */
export async function loadModel({ graph, tensors }: ModelRef, blobs: BlobStore): Promise<Graph> {
  const weights = await readTensors(blobs, tensors);
  return attachWeights(decodeOnnx(await blobs.get(graph.sha256)), new Map(Object.entries(weights)));
}

const optimizerOf = (settings: LineModelSettings["optimizer"]): Optimizer =>
  settings.kind === "sgd"
    ? sgd({ momentum: settings.momentum, weightDecay: settings.weightDecay })
    : adamW({ weightDecay: settings.weightDecay });

function carryOf(output: string, input: string, initial: Tensor | undefined) {
  if (initial?.dtype === "float32" || initial?.dtype === "int64") {
    return { output, input, dtype: initial.dtype, shape: initial.shape };
  }
  throw new EdgeloopError("CARRY_INVALID", `${input} starts from no float32 or int64 tensor`, {
    details: { input },
  });
}

/** Turns some weights into inputs and leaves the constants where they are. */
function asInputs(graph: Graph, names: readonly string[]): Graph {
  const kept = new Map([...graph.initializers].filter(([name]) => !names.includes(name)));
  const chosen = new Map([...graph.initializers].filter(([name]) => names.includes(name)));
  const { graph: bare } = splitWeights({ ...graph, initializers: chosen });
  return { ...bare, initializers: kept };
}

async function storeSplit(graph: Graph, blobs: BlobStore): Promise<ModelRef> {
  const { graph: bare, tensors } = splitWeights(graph);
  return {
    graph: await blobs.put(encodeOnnx(bare)),
    tensors: await blobs.put(encodeSafetensors(sorted(tensors))),
  };
}

async function copyInt8(
  { manifest, blobs: from }: ReleasedBundle,
  to: BlobStore,
): Promise<ModelRef> {
  const weights = await loadWeights(manifest.int8, from);
  return {
    graph: await to.put(await from.get(manifest.int8.graph.sha256)),
    tensors: await to.put(encodeSafetensors(sorted(weights))),
  };
}

const sorted = (tensors: Iterable<readonly [string, Tensor]>): ReadonlyMap<string, Tensor> =>
  new Map([...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1)));

function nameOf(name: string | undefined): string {
  if (name !== undefined) return name;
  throw new EdgeloopError("GRAPH_INVALID", "a model has an input and an output");
}
