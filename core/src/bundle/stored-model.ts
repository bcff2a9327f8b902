import { tensorBytes, tensorFromBytes } from "../graph/dtypes.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { encodeOnnx } from "../graph/onnx-write.ts";
import { decodeSafetensors, encodeSafetensors } from "../graph/safetensors.ts";
import type { Tensor } from "../graph/tensor.ts";
import { attachWeights, splitWeights } from "../graph/weights.ts";
import type { BlobStore } from "../platform/blob-store.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Manifest, ManifestModel, TensorBlob } from "./manifest.ts";

/** Tensors below this share one blob: a name and a file each would outweigh them. */
export const tensorBlobBytesMin = 1024;

/**
 * Stores a graph and its weights as blobs: the graph without initialisers, every weight tensor on its own, so that a
 * tensor that did not change between two versions is one and the same blob.
 */
export async function storeModel(graph: Graph, blobs: BlobStore): Promise<ManifestModel> {
  const sorted = [...graph.initializers].toSorted(([a], [b]) => (a < b ? -1 : 1));
  // The graph's bytes must not tell in which order its weights were put together: a line fixes them.
  const { graph: bare } = splitWeights({ ...graph, initializers: new Map(sorted) });
  const isSmall = ([, tensor]: readonly [string, Tensor]): boolean =>
    tensorBytes(tensor).length < tensorBlobBytesMin;
  const large: [string, TensorBlob][] = [];
  for (const [name, tensor] of sorted.filter((entry) => !isSmall(entry))) {
    const blob = await blobs.put(tensorBytes(tensor));
    large.push([name, { ...blob, dtype: tensor.dtype, shape: tensor.shape }]);
  }
  const small = sorted.filter(isSmall);
  return {
    graph: await blobs.put(encodeOnnx(bare)),
    tensors: Object.fromEntries(large),
    ...(small.length === 0 ? {} : { small: await blobs.put(encodeSafetensors(new Map(small))) }),
  };
}

/** Reads the weights of a stored graph, by value name. */
export async function loadWeights(
  model: ManifestModel,
  blobs: BlobStore,
): Promise<ReadonlyMap<string, Tensor>> {
  const small = model.small ? decodeSafetensors(await blobs.get(model.small.sha256)) : new Map();
  const weights = new Map<string, Tensor>(small);
  for (const [name, { sha256, dtype, shape }] of Object.entries(model.tensors)) {
    if (weights.has(name)) {
      throw new EdgeloopError("BUNDLE_MANIFEST_INVALID", `the tensor ${name} is there twice`, {
        details: { name },
      });
    }
    weights.set(name, tensorFromBytes(dtype, shape, await blobs.get(sha256)));
  }
  return weights;
}

/**
 * Puts a bundle's graph together again: `float` to learn from, `int8` to serve.
 *
 * @throws `BLOB_MISSING`, `BLOB_MISMATCH`, `ONNX_INVALID`, `WEIGHTS_MISMATCH`, `SAFETENSORS_INVALID`
 */
export async function loadGraph(
  manifest: Manifest,
  blobs: BlobStore,
  which: "float" | "int8",
): Promise<Graph> {
  const model = manifest[which];
  const bare = decodeOnnx(await blobs.get(model.graph.sha256));
  return attachWeights(bare, await loadWeights(model, blobs));
}
