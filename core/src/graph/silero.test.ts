import { existsSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { estimate } from "./estimate.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { encodeOnnx } from "./onnx-write.ts";
import { simplify } from "./simplify.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";
import { validate } from "./validate.ts";

const path = new URL(
  "../../../../shared/datasets/models/silero-vad/silero_vad_16k_op15.onnx",
  import.meta.url,
).pathname;

// The oracle is onnxruntime on the file as it is: nested branches with captured values, and an LSTM inside one.
test.skipIf(!existsSync(path))(
  "a model with nested branches computes the same once read",
  async () => {
    const bytes = new Uint8Array(readFileSync(path));
    const graph = decodeOnnx(bytes);
    validate(graph);
    const feeds: Record<string, Tensor> = {
      input: f32(
        Float32Array.from({ length: 576 }, (_, i) => Math.sin(i / 7) / 2),
        [1, 576],
      ),
      state: f32(new Float32Array(256), [2, 1, 128]),
      sr: i64([16000], []),
    };
    const expected = await runGraph(bytes, feeds);
    for (const same of [graph, simplify(graph), decodeOnnx(encodeOnnx(graph))]) {
      const actual = await runGraph(same, feeds);
      for (const [name, value] of Object.entries(expected)) {
        expect(difference(actual[name], value)).toBeLessThan(1e-6);
      }
    }
    const sizes = { batch: 1, sequence: 576 };
    expect(estimate(graph, { sizes }).macs).toBeGreaterThan(4 * 128 * 256);
  },
);
