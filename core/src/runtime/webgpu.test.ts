// What runs on a device is in test/webgpu, where one is; here is what comes before it.
import { afterEach, expect, test, vi } from "vitest";
import { graphBuilder, ints } from "../graph/builder.ts";
import { f32, scalar } from "../graph/tensor.ts";
import { affineModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { openSession } from "./open.ts";
import { forWebgpu, openWebgpu } from "./webgpu.ts";

afterEach(() => {
  vi.unstubAllGlobals();
});

test("without WebGPU, and without an adapter, the refusal says which and what to do", async () => {
  vi.stubGlobal("navigator", {});
  await expect(openSession(affineModel(), { backend: "webgpu" })).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "there is no WebGPU here; use wasm",
  });
  const provide = vi.fn(() => {
    vi.stubGlobal("navigator", { gpu: { requestAdapter: () => Promise.resolve(null) } });
    return Promise.resolve();
  });
  await expect(openWebgpu(encodeModel(affineModel()), provide)).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: "WebGPU finds no adapter (no GPU driver) here; use wasm",
  });
  expect(provide).toHaveBeenCalledOnce();
});

test("what the device computes wrongly is padded, after integers became floats", () => {
  const b = graphBuilder("int8");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 6, 8] });
  const w = b.initializer("w", { dtype: "int8", shape: [4, 6, 3], data: new Int8Array(72) });
  const weights = b.add("DequantizeLinear", [w, b.constant(scalar(0.5))]);
  b.add("Conv", [x, weights], { attributes: { pads: ints([1, 1]) }, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 4, 8] });
  const graph = forWebgpu(b.build());
  expect(graph.nodes.map(({ op }) => op)).toEqual(["Pad", "Pad", "Conv"]);
  expect(graph.initializers.get("w.float")).toEqual(f32(new Float32Array(72), [4, 6, 3]));
});
