import fc from "fast-check";
import { expect, test } from "vitest";
import { haveModelFiles, modelFiles, readModelFile } from "../../../test/model-files.ts";
import { runGraph } from "../../../test/run-graph.ts";
import {
  agreementOf,
  caseOf,
  constantOf,
  feedsFor,
  modelOf,
  quantizedTo,
} from "../../../test/tflite-case.ts";
import { differentiate } from "../autodiff/differentiate.ts";
import { decodeOnnx } from "../graph/onnx-read.ts";
import type { Tensor } from "../graph/tensor.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { decodeTflite } from "./decode.ts";
import { fromTflite } from "./from-tflite.ts";
import type { TfliteModel } from "./model.ts";

/** Needs the model files beside the checkout. */
const testOnFiles = test.skipIf(!haveModelFiles);

const runnable = [
  ["tflm-hello_world/hello_world_float.tflite", "litert"],
  ["tflm-hello_world/hello_world_int8.tflite", "litert"],
  ["tflm-micro_speech/models/micro_speech_quantized.tflite", "litert"],
  ["tflm-mnist_lstm/trained_lstm.tflite", "tflite"],
  ["tflm-mnist_lstm/trained_lstm_int8.tflite", "tflite"],
] as const;

testOnFiles.for(runnable)("%s computes what it did", async ([path, engine]) => {
  const total = { integers: 0, withinOne: 0 };
  for (const seed of path.includes("lstm") ? [1, 2] : [1, 2, 3, 4, 5]) {
    const found = await agreementOf(readModelFile(path), seed, engine);
    expect(found.relative).toBeLessThan(1e-4);
    total.integers += found.integers;
    total.withinOne += found.withinOne;
  }
  expect(total.withinOne).toBeGreaterThanOrEqual(0.99 * total.integers);
});

/** Numbers of a file of comma-separated ones. */
const csv = (path: string): Int16Array =>
  Int16Array.from(new TextDecoder().decode(readModelFile(path)).split(","), Number);

testOnFiles.for(["add", "leaky_relu"])(
  "every int16 %s is within a step of its golden output",
  async (op) => {
    const files = modelFiles(`tflm-seanet-ops/${op}/*.tflite`);
    expect(files.length).toBeGreaterThan(15);
    for (const path of files) {
      const stem = path.replace(".tflite", "");
      const graph = fromTflite(decodeTflite(readModelFile(path)));
      const feeds = graph.inputs.map(({ name, shape }, index): [string, Tensor] => [
        name,
        {
          dtype: "int16",
          shape: (shape ?? []).map(Number),
          data: csv(`${stem}_input${index}_int16.csv`),
        },
      ]);
      const found = await runGraph(graph, Object.fromEntries(feeds));
      const golden = csv(`${stem}_golden_int16.csv`);
      const [output] = graph.outputs;
      const steps = Array.from(golden, (value, i) =>
        Math.abs(value - Number(found[output!.name]?.data[i])),
      );
      expect(Math.max(...steps), path).toBeLessThanOrEqual(1);
    }
  },
);

testOnFiles("the face detector is the same network as its ONNX twin", async () => {
  const [path = ""] = modelFiles("ultraface-slim320/models/onnx/*320*without*.onnx").concat(
    modelFiles("ultraface-slim320/models/onnx/*.onnx"),
  );
  const twin = decodeOnnx(readModelFile(path));
  const model = decodeTflite(
    readModelFile(
      "ultraface-slim320/tflite/pretrained/version-slim-320_without_postprocessing.tflite",
    ),
  );
  const feeds = feedsFor(model, 1);
  const found = await runGraph(fromTflite(model), feeds);
  // Both engines give one box of 4420: the file says that size, and computes another. The twin takes channels first.
  const image = Object.values(feeds)[0]?.data as Float32Array;
  const data = Float32Array.from(
    image,
    (_, i) => image[((i % 76_800) * 3 + Math.floor(i / 76_800)) | 0] ?? 0,
  );
  const expected = await runGraph(twin, {
    [twin.inputs[0]!.name]: { dtype: "float32", shape: [1, 3, 240, 320], data },
  });
  const scores = (tensors: Readonly<Record<string, Tensor>>) =>
    Object.values(tensors).find(({ shape }) => shape.at(-1) === 2)?.data as Float32Array;
  const differences = Array.from(scores(expected), (value, i) =>
    Math.abs(value - (scores(found)[i] ?? 9)),
  );
  expect(differences).toHaveLength(8840);
  expect(Math.max(...differences)).toBeLessThan(1e-4);
});

testOnFiles(
  "operators that are not imported are all named at once, with the first place of each",
  () => {
    for (const path of modelFiles("esphome-mww/*.tflite")) {
      expect(() => fromTflite(decodeTflite(readModelFile(path)))).toThrow(
        expect.objectContaining({
          code: "TFLITE_OPERATOR_UNSUPPORTED",
          message: expect.stringMatching(
            /^not imported: CALL_ONCE \(operator 0\), VAR_HANDLE \(operator 1\)/,
          ),
        }),
      );
    }
    const path = "tflm-micro_speech/models/audio_preprocessor_int8.tflite";
    expect(() => fromTflite(decodeTflite(readModelFile(path)))).toThrow(
      "SignalWindow (operator 0)",
    );
  },
);

const layer = caseOf({
  op: "CONV_2D",
  options: { padding: "SAME", stride_h: 2, stride_w: 2, fused_activation_function: "RELU6" },
  inputs: [
    { shape: [1, 5, 5, 2], shapeSignature: [-1, 5, 5, 2] },
    constantOf({ shape: [3, 3, 3, 2] }, 1),
  ],
  outputs: [{ shape: [1, 3, 3, 3], shapeSignature: [-1, 3, 3, 3] }],
});

test("an open first size stays open, and weights keep their names", () => {
  const graph = fromTflite(modelOf(layer));
  expect([graph.inputs, graph.outputs]).toEqual([
    [{ name: "t0", dtype: "float32", shape: ["N", 5, 5, 2] }],
    [{ name: "t2", dtype: "float32", shape: ["N", 3, 3, 3] }],
  ]);
  expect(graph.initializers.get("t1")?.shape).toEqual([3, 2, 3, 3]);
});

test("an imported network has gradients", () => {
  const gradients = differentiate(fromTflite(modelOf(layer)), ["t0", "t1"]);
  expect(gradients.outputs.map(({ name }) => name)).toEqual(["t2", "t0.grad", "t1.grad"]);
});

test("an input that is an output too, a constant output, and one output twice are given out", async () => {
  const one = {
    ...caseOf({ op: "RELU", inputs: [{ shape: [2] }], outputs: [{ shape: [2] }] }),
    outputs: [0, 1, 1, 2],
  };
  const constant = { shape: [1], data: [7] };
  const graph = fromTflite(modelOf({ ...one, tensors: [...one.tensors, constant] }));
  expect(graph.outputs.map(({ name }) => name)).toEqual(["t0_1", "t1", "t1_1", "t2_1"]);
  const feeds = { t0: { dtype: "float32", shape: [2], data: Float32Array.of(-1, 2) } } as const;
  const found = await runGraph(graph, feeds);
  expect(graph.outputs.map(({ name }) => [...(found[name]?.data ?? [])])).toEqual([
    [-1, 2],
    [0, 2],
    [0, 2],
    [7],
  ]);
});

const relu = caseOf({ op: "RELU", inputs: [{ shape: [2] }], outputs: [{ shape: [2] }] });
const withTensor = (index: number, more: object): TfliteModel =>
  modelOf({ ...relu, tensors: relu.tensors.with(index, { shape: [2], ...more }) });

test.for([
  [
    "TFLITE_UNSUPPORTED",
    "values of resource are not imported",
    withTensor(0, { type: "resource" }),
  ],
  ["GRAPH_INVALID", "is declared int32", withTensor(1, { type: "int32" })],
  ["GRAPH_INVALID", "is declared", withTensor(1, { shape: [3] })],
  ["TFLITE_INVALID", "input 0 is read before it is computed", withTensor(0, { isVariable: true })],
  [
    "TFLITE_INVALID",
    "an output is never computed",
    {
      ...modelOf({
        ...relu,
        operators: [],
        tensors: [{ shape: [2], isVariable: true }],
        outputs: [0],
      }),
    },
  ],
  [
    "TFLITE_INVALID",
    "output 0 is computed twice",
    modelOf({ ...relu, operators: [relu.operators[0]!, relu.operators[0]!] }),
  ],
  [
    "TFLITE_INVALID",
    "input 0 is missing",
    modelOf({ ...relu, operators: [{ ...relu.operators[0]!, inputs: [-1] }] }),
  ],
  [
    "TFLITE_INVALID",
    "output 0 is missing",
    modelOf({ ...relu, operators: [{ ...relu.operators[0]!, outputs: [] }] }),
  ],
  ["TFLITE_INVALID", "a model needs a subgraph", { ...modelOf(relu), subgraphs: [] }],
] as const)("%s: %s", ([code, message, model]) => {
  expect(() => fromTflite(model)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test("scales that are not as many as the axis is long are refused", () => {
  const quantization = { scales: [1, 2], zeroPoints: [0, 0], axis: 0 };
  const weights = { ...quantizedTo([3, 4], 1, 0), data: Array(12).fill(1), quantization };
  const one = caseOf({
    op: "FULLY_CONNECTED",
    inputs: [quantizedTo([1, 4], 1, 0), weights],
    outputs: [quantizedTo([1, 3], 1, 0)],
  });
  expect(() => fromTflite(modelOf(one))).toThrow(
    "scales must be as many as the quantized axis is long",
  );
});

testOnFiles("changed files give a graph or a coded error", () => {
  for (const path of [runnable[1][0], runnable[2][0], runnable[4][0]]) {
    const bytes = readModelFile(path);
    const word = fc.oneof(fc.integer(), fc.integer({ min: -8, max: 64 }));
    fc.assert(
      fc.property(fc.nat({ max: bytes.length / 4 - 1 }), word, (at, value) => {
        const broken = bytes.slice();
        new DataView(broken.buffer).setInt32(4 * at, value, true);
        try {
          expect(fromTflite(decodeTflite(broken)).outputs.length).toBeGreaterThanOrEqual(0);
        } catch (error) {
          expect(error).toBeInstanceOf(EdgeloopError);
        }
      }),
      { numRuns: 80 },
    );
  }
});
