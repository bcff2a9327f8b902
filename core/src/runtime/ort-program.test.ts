import * as api from "onnxruntime-web";
import { expect, test } from "vitest";
import type { Tensor } from "../graph/tensor.ts";
import { affineModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { executeOrt, infosOf, publicRunnable } from "./ort-program.ts";
import { toOrt } from "./ort-tensor.ts";

test("metadata become declarations, and the runtime's error keeps its cause", async () => {
  api.env.wasm.numThreads = 1;
  const { bytes } = encodeModel(affineModel());
  const session = await api.InferenceSession.create(bytes, { logSeverityLevel: 4 });
  expect(infosOf(session.inputMetadata)).toEqual(affineModel().inputs);
  expect(infosOf(session.outputMetadata)[1]).toEqual({ name: "s", dtype: "float32" });
  const feed = (tensor: Tensor): api.Tensor => toOrt(api, tensor);
  const runnable = publicRunnable(session);
  const program = { feed, session: runnable, backend: "wasm", inputs: [], outputs: [] } as const;
  await expect(executeOrt(program, {}, { y: null })).rejects.toMatchObject({
    code: "RUN_FAILED",
    cause: expect.any(Error),
  });
  await runnable.release();
});

test("a sequence is refused by name", () => {
  expect(() => infosOf([{ name: "list", isTensor: false }])).toThrow(
    expect.objectContaining({ code: "MODEL_UNSUPPORTED", details: { value: "list" } }),
  );
});
