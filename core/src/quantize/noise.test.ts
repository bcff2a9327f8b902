import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { f32 } from "../graph/tensor.ts";
import { openSession } from "../runtime/open.ts";
import type { CalibrationData } from "./calibrate.ts";
import { calibrate } from "./calibrate.ts";
import { layerNoise, layersOf, tensorNoise } from "./noise.ts";
import { quantize } from "./quantize.ts";

const cnn = decodeOnnx(
  readFileSync(new URL("../../../test/fixtures/graph/cnn.onnx", import.meta.url)),
);
const data: CalibrationData = {
  batches: [0, 1].map((batch) => ({
    x: f32(
      Float32Array.from({ length: 8 * 96 }, (_, i) => Math.sin((i + batch) * 0.37)),
      [8, 3, 32],
    ),
  })),
  open: async (graph: Graph) => await openSession(graph, { backend: "wasm" }),
};

test("a graph does not differ from itself", async () => {
  const noise = await tensorNoise(cnn, cnn, data);
  // Its BatchNormalization is folded on one side: what is left is the rounding of float32.
  expect(Math.min(...noise.map(({ signalToNoiseDb }) => signalToNoiseDb))).toBeGreaterThan(120);
});

test("every tensor is measured, inputs too, and 8 bits lose little", async () => {
  const ranges = await calibrate(cnn, data, { method: "minmax" });
  const noise = await tensorNoise(cnn, quantize(cnn, ranges), data);
  const named = Object.fromEntries(noise.map((one) => [one.name, one]));
  expect(named["x"]?.operator).toBe("input");
  expect(named["r1"]?.operator).toBe("Relu");
  // About 6 dB a bit of an 8-bit integer, less for a range that is not used evenly.
  expect(named["x"]?.signalToNoiseDb).toBeGreaterThan(40);
  expect(named["logits"]?.signalToNoiseDb).toBeGreaterThan(25);
  expect(named["logits"]?.signalToNoiseDb).toBeLessThan(named["x"]?.signalToNoiseDb ?? 0);
});

test("the layer that is changed most is the worst", async () => {
  const layers = layersOf(cnn);
  expect(layers.map(({ operator }) => operator)).toEqual(["Conv", "Conv", "Gemm"]);
  const [first, second, third] = layers.map(({ name }) => name);
  const scaled = (weight: string, factor: number): Graph => ({
    ...cnn,
    initializers: new Map(
      [...cnn.initializers].map(([name, tensor]) =>
        name === weight && tensor.dtype === "float32"
          ? [
              name,
              f32(
                tensor.data.map((w) => w * factor),
                tensor.shape,
              ),
            ]
          : [name, tensor],
      ),
    ),
  });
  const changed = new Map([
    [first, cnn],
    [second, scaled("w2", 0.5)],
    [third, scaled("w3", 0.99)],
  ]);
  const alone = ({ name }: { readonly name: string }): Graph => changed.get(name) ?? cnn;
  const noise = await layerNoise(cnn, { layers, alone }, data);
  expect(noise.map(({ name }) => name)).toEqual([second, third, first]);
  expect(noise[2]?.signalToNoiseDb).toBe(Number.POSITIVE_INFINITY);
});
