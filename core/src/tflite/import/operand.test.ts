import { expect, test } from "vitest";
import { caseOf, constantOf, modelOf } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

test("after a convolution, a constant goes channels-first with the value", () => {
  const shape = [1, 3, 4, 2];
  const conv = caseOf({
    op: "CONV_2D",
    options: { padding: "VALID", stride_h: 1, stride_w: 1 },
    inputs: [{ shape }, constantOf({ shape: [2, 1, 1, 2] }, 1)],
    outputs: [{ shape }],
  });
  const one = {
    tensors: [...conv.tensors, { shape: [2], data: [1, 2] }, { shape }, { shape }],
    operators: [
      ...conv.operators,
      { op: "MUL", inputs: [2, 3], outputs: [4] },
      { op: "TANH", inputs: [4], outputs: [5] },
    ],
  };
  const graph = fromTflite(modelOf(one));
  expect(graph.nodes.map(({ op }) => op)).toEqual([
    "Transpose",
    "Conv",
    "Mul",
    "Tanh",
    "Transpose",
  ]);
  expect(graph.initializers.get("t3")?.shape).toEqual([1, 2, 1, 1]);
});
