import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { engines, native, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import { encodeOnnx } from "../graph/onnx-write.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { splitWeights } from "../graph/weights.ts";
import type { Histogram } from "../statistics/histogram.ts";
import { histogramBuilder } from "../statistics/histogram.ts";
import { observe } from "./observe.ts";
import { quantize } from "./quantize.ts";
import { rangesOf } from "./ranges.ts";
import { signalToNoiseDb } from "./signal-to-noise.ts";

const fixture = (name: string): Uint8Array =>
  readFileSync(new URL(`../../../test/fixtures/graph/${name}`, import.meta.url));
const cnn = decodeOnnx(fixture("cnn.onnx"));
const reference = JSON.parse(new TextDecoder().decode(fixture("cnn.json")));

/** The inputs of make-cnn.py, by the same formula. */
const windows = (count: number): Tensor =>
  f32(
    Float32Array.from(
      { length: count * 96 },
      (_, i) => Math.sin(i * 0.37) + 0.5 * Math.sin(i * i * 0.0011) + 0.3 * Math.sin(i * 1.7),
    ),
    [count, 3, 32],
  );

async function calibrate(graph: Graph, x: Tensor): Promise<Record<string, Histogram>> {
  const { graph: watched, observed } = observe(graph);
  const outputs = await runGraph(watched, { x });
  return Object.fromEntries(
    observed.map((name) => {
      const builder = histogramBuilder();
      builder.add(outputs[name]?.data as Float32Array);
      return [name, builder.histogram()];
    }),
  );
}

// The reference is onnxruntime.quantization 1.30.0 (static, QDQ, per channel, int8, min-max) on the same file and data.
test.for(engines)("as precise as onnxruntime's own quantizer, on %s", async ([, engine]) => {
  const histograms = await calibrate(cnn, windows(32));
  const int8 = quantize(cnn, rangesOf(histograms));
  validate(int8);
  const logits = (await runGraph(int8, { x: windows(64) }, engine))["logits"]?.data as Float32Array;
  const floats = Float32Array.from(reference.float);
  const rows = Array.from({ length: 64 }, (_, row) =>
    [floats, logits].map((all) => {
      const four = [...all.subarray(4 * row, 4 * row + 4)];
      return four.indexOf(Math.max(...four));
    }),
  );
  expect(signalToNoiseDb(floats, logits)).toBeGreaterThan(reference.int8SignalToNoiseDb - 1);
  expect(rows.filter(([a, b]) => a !== b)).toEqual([]);
});

test.skipIf(native === undefined)(
  "onnxruntime finds its int8 kernels for every layer",
  async () => {
    const int8 = encodeOnnx(quantize(cnn, rangesOf(await calibrate(cnn, windows(4)))));
    const folder = mkdtempSync(join(tmpdir(), "edgeloop-"));
    const optimizedModelFilePath = join(folder, "optimized.onnx");
    const options = { optimizedModelFilePath, graphOptimizationLevel: "extended" } as const;
    await (await native?.InferenceSession.create(int8, options))?.release();
    const ops = decodeOnnx(readFileSync(optimizedModelFilePath)).nodes.map(({ op }) => op);
    rmSync(folder, { recursive: true });
    expect(ops.sort()).toEqual([
      ...["Flatten", "MaxPool", "QGemm", "QLinearAdd", "QLinearConv", "QLinearConv"],
      ...["QLinearGlobalAveragePool", "QuantizeLinear", "Softmax"],
    ]);
  },
);

test("weights are 8 bits, a quarter of the bytes; no float weight is left", async () => {
  const int8 = quantize(cnn, rangesOf(await calibrate(cnn, windows(4))));
  const dtypes = Object.groupBy([...int8.initializers], ([, { dtype }]) => dtype);
  expect(dtypes.int8?.filter(([name]) => name.endsWith(".int8")).map(([name]) => name)).toEqual([
    "w1.folded.int8",
    "w2.folded.int8",
    "w3.int8",
  ]);
  expect(dtypes.float32?.every(([name]) => name.endsWith(".scale"))).toBe(true);
});

test("other ranges and weights change initialisers alone", async () => {
  const histograms = await calibrate(cnn, windows(4));
  const shapeOf = (graph: Graph, ranges: ReturnType<typeof rangesOf>): Uint8Array =>
    encodeOnnx(splitWeights(quantize(graph, ranges)).graph);
  const other = Object.fromEntries(
    Object.keys(histograms).map((name, i) => [name, { min: -i, max: 2 * i }]),
  );
  const retrained = {
    ...cnn,
    initializers: new Map(
      [...cnn.initializers].map(([name, tensor]) => [
        name,
        tensor.dtype === "float32"
          ? f32(
              tensor.data.map((w) => (name === "w2" ? 0 : w * 1.5)),
              tensor.shape,
            )
          : tensor,
      ]),
    ),
  };
  expect(shapeOf(retrained, other)).toEqual(shapeOf(cnn, rangesOf(histograms)));
});

test("a range that was not calibrated is asked for by name", () => {
  expect(() => quantize(cnn, {})).toThrow('calibrate "x.observed"');
});

test("a weight that something else reads stays beside its integers", async () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 2] });
  const w = b.initializer("w", f32([1, 0.5, 0.25, 1], [2, 2]));
  b.output({
    name: b.add("Add", [b.add("MatMul", [x, w]), w], { outputs: ["y"] }),
    dtype: "float32",
  });
  const int8 = quantize(b.build(), { "x.observed": { min: -1, max: 1 } });
  expect(int8.initializers.has("w")).toBe(true);
  const { y } = await runGraph(int8, { x: f32([1, -1], [1, 2]) });
  const error = Array.from(y?.data as Float32Array, (v, i) =>
    Math.abs(v - ([1.75, 0, 1, 0.5][i] ?? 0)),
  );
  expect(Math.max(...error)).toBeLessThan(0.02);
});

test("a graph without anything to quantize comes back as it is", () => {
  const b = graphBuilder("g");
  b.output({
    name: b.add("Exp", [b.input({ name: "x", dtype: "float32", shape: [1] })]),
    dtype: "float32",
  });
  expect(quantize(b.build(), {})).toEqual(b.build());
});
