import { expect, test } from "vitest";
import { encodeSafetensors } from "../graph/safetensors.ts";
import { f32 } from "../graph/tensor.ts";
import { memoryBlobStore } from "../testing/memory-blob-store.ts";
import { loadWeights, storeModel } from "./stored-model.ts";

test("a model without weights stores its graph alone", async () => {
  const blobs = memoryBlobStore();
  const model = await storeModel(
    { name: "g", inputs: [], outputs: [], nodes: [], initializers: new Map() },
    blobs,
  );
  expect(model).toEqual({ graph: expect.anything(), tensors: {} });
  expect(await blobs.list()).toEqual([model.graph.sha256]);
});

test("a tensor that is there twice is refused: two readers might take different ones", async () => {
  const blobs = memoryBlobStore();
  const tensor = f32(new Float32Array(256));
  const blob = await blobs.put(new Uint8Array(1024));
  const model = {
    graph: blob,
    tensors: { w: { ...blob, dtype: "float32", shape: [256] } },
    small: await blobs.put(encodeSafetensors(new Map([["w", tensor]]))),
  } as const;
  await expect(loadWeights(model, blobs)).rejects.toMatchObject({
    code: "BUNDLE_MANIFEST_INVALID",
  });
});
