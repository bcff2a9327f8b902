// The direct binding drives an internal interface of one version of onnxruntime-web: it is compared with the public
// interface here, and DESIGN's dependency table names the risk.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { graphBuilder, ints } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensors } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { gaussian, seededRng } from "../platform/random.ts";
import { descentModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { openWasm } from "./wasm.ts";
import { openWasmPublic } from "./wasm-public.ts";

const rng = seededRng(7);
const noise = (...shape: number[]): ReturnType<typeof f32> =>
  f32(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => gaussian(rng)),
    shape,
  );

function convolution(): Graph {
  const b = graphBuilder("convolution");
  b.input({ name: "x", dtype: "float32", shape: ["N", 6, 64] });
  const conv = b.add("Conv", ["x", b.constant(noise(16, 6, 5)), b.constant(noise(16))], {
    attributes: { pads: ints([2, 2]) },
  });
  const pooled = b.add("GlobalAveragePool", [b.add("Relu", [conv])]);
  const flat = b.add("Flatten", [pooled]);
  b.add("MatMul", [flat, b.constant(noise(16, 4))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 4] });
  return b.build();
}

test("results of the direct binding are the public interface's, bit for bit", async () => {
  const model = encodeModel(convolution());
  const direct = await openWasm(model, { threads: 1 });
  const open = await openWasmPublic(model, { threads: 1 });
  for (const batch of [1, 3, 8]) {
    const feeds: Tensors = { x: noise(batch, 6, 64) };
    expect(await direct.run(feeds)).toEqual(await open.run(feeds));
  }
  await direct.dispose();
  await open.dispose();
});

test("both tell the same of a model's bytes", async () => {
  const { bytes } = encodeModel(descentModel());
  const direct = await openWasm({ bytes }, { threads: 1 });
  const open = await openWasmPublic({ bytes }, { threads: 1 });
  expect([direct.inputs, direct.outputs]).toEqual([open.inputs, open.outputs]);
});

test("the version whose internals are driven is pinned exactly", () => {
  const manifest = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  expect(manifest.dependencies["onnxruntime-web"]).toBe("1.30.0");
});
