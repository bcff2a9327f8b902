import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { runGraph } from "../../../test/run-graph.ts";
import { codeOf } from "../platform/errors.ts";
import { graphBuilder, int } from "./builder.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { readTensor } from "./onnx-tensor.ts";
import { opsetSix } from "./opset-six.ts";
import { readMessage } from "./protobuf-reader.ts";
import type { Tensor } from "./tensor.ts";
import { validate } from "./validate.ts";

const apply = (op: string, attributes: Record<string, number>) => {
  const node = { name: "n", op, inputs: ["a", "b"], outputs: ["y"] };
  const entries = Object.entries(attributes).map(([name, value]) => [name, int(value)] as const);
  const whole = { ...node, attributes: Object.fromEntries(entries) };
  return opsetSix[op]?.[0]?.apply(whole, graphBuilder("g"));
};

test("broadcasting of the last axes is numpy's; along an axis it is refused", () => {
  expect(apply("Add", { broadcast: 1 })).toMatchObject([{ op: "Add", attributes: {} }]);
  expect(apply("Mul", { axis: 1, broadcast: 0 })).toMatchObject([{ attributes: {} }]);
  expect(() => apply("Add", { axis: 1, broadcast: 1 })).toThrow("broadcasts along an axis");
});

test("training, which was the default, and other forms are refused", () => {
  expect(apply("BatchNormalization", { is_test: 1, spatial: 1 })).toMatchObject([
    { attributes: {} },
  ]);
  expect(() => apply("Dropout", {})).toThrow("training mode");
  expect(() => apply("LSTM", {})).toThrow("another form below opset 7");
});

const folder = new URL("../../../../shared/datasets/models/onnx-backend-small", import.meta.url)
  .pathname;
const caseFolders = existsSync(folder)
  ? ["pytorch-operator", "simple"].flatMap((group) =>
      readdirSync(join(folder, group)).map((name): [string, string] => [
        name,
        join(folder, group, name),
      ]),
    )
  : [];

/** What of onnx's own cases is refused. Gradients of onnx's preview are an operator that no runtime has. */
const refusals: Readonly<Record<string, string>> = {
  test_operator_add_broadcast: "ONNX_OPSET_UNSUPPORTED",
  test_operator_add_size1_broadcast: "ONNX_OPSET_UNSUPPORTED",
  test_operator_add_size1_right_broadcast: "ONNX_OPSET_UNSUPPORTED",
  test_operator_add_size1_singleton_broadcast: "ONNX_OPSET_UNSUPPORTED",
  test_gradient_of_add: "OPERATOR_UNKNOWN",
  test_gradient_of_add_and_mul: "OPERATOR_UNKNOWN",
};

/** Tells whether two tensors are the same but for rounding; NaN is NaN, text is text. */
function isClose(a: Tensor | undefined, b: Tensor | undefined): boolean {
  if (a === undefined || b === undefined || String(a.shape) !== String(b.shape)) return false;
  const [x, y]: unknown[][] = [[...a.data], [...b.data]];
  return (x ?? []).every((value, i) => {
    const other = y?.[i];
    return Object.is(value, other) || Math.abs(Number(value) - Number(other)) < 1e-5;
  });
}

const tensorsOf = (path: string, kind: string): Tensor[] =>
  readdirSync(path)
    .filter((name) => name.startsWith(kind))
    .toSorted((a, b) => Number(/\d+/.exec(a)?.[0]) - Number(/\d+/.exec(b)?.[0]))
    .map((name) => readTensor(readMessage(new Uint8Array(readFileSync(join(path, name)))), none));

const none = (): never => {
  throw new Error("these cases have no external data");
};

// The oracle is onnx's own: inputs and outputs that stand beside its backend cases.
describe.skipIf(caseFolders.length === 0)("cases of onnx (../shared/datasets)", () => {
  test.for(caseFolders)("%s gives its stored outputs, or is refused", async ([name, path]) => {
    const bytes = new Uint8Array(readFileSync(join(path, "model.onnx")));
    let refusal = "";
    try {
      const graph = decodeOnnx(bytes);
      if (name.startsWith("test_gradient")) validate(graph);
      for (const set of readdirSync(path).filter((each) => each.startsWith("test_data_set"))) {
        const inputs = tensorsOf(join(path, set), "input_");
        const feeds = graph.inputs.map((info, i): [string, Tensor | undefined] => [
          info.name,
          inputs[i],
        ]);
        const expected = tensorsOf(join(path, set), "output_");
        const actual = await runGraph(graph, Object.fromEntries(feeds) as Record<string, Tensor>);
        for (const [i, { name: output }] of graph.outputs.entries()) {
          expect(isClose(actual[output], expected[i]), output).toBe(true);
        }
      }
    } catch (error) {
      refusal = codeOf(error);
      if (refusal === "UNKNOWN") throw error;
    }
    expect(refusal).toBe(refusals[name] ?? "");
  });
});
