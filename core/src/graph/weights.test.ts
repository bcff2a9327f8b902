import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { encodeOnnx } from "./onnx-write.ts";
import { f32, i64 } from "./tensor.ts";
import { attachWeights, splitWeights, weightsMetadataKey } from "./weights.ts";

function scaled(): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 2] });
  const y = b.add("Mul", [x, b.initializer("w", f32([2, 3]))]);
  b.output({ name: b.add("Reshape", [y, b.initializer("shape", i64([-1]))]), dtype: "float32" });
  return b.build();
}

test("splitting and attaching give the same graph, through a file too", () => {
  const graph = scaled();
  const split = splitWeights(graph);
  expect(split.graph.initializers.size).toBe(0);
  expect(attachWeights(split.graph, split.tensors)).toEqual(graph);
  const reread = decodeOnnx(encodeOnnx(split.graph));
  expect(attachWeights(reread, split.tensors)).toEqual(graph);
});

test("the weightless file is a valid model that takes its weights as feeds", async () => {
  const { graph, tensors } = splitWeights(scaled());
  const results = await runGraph(graph, { x: f32([1, 1], [1, 2]), ...Object.fromEntries(tensors) });
  expect(difference(Object.values(results)[0], f32([2, 3]))).toBe(0);
});

test("the weightless bytes do not depend on the weights' values", () => {
  const other = {
    ...scaled(),
    initializers: new Map([...scaled().initializers, ["w", f32([5, 6])]]),
  };
  expect(encodeOnnx(splitWeights(other).graph)).toEqual(encodeOnnx(splitWeights(scaled()).graph));
});

test.for<[string, Record<string, ReturnType<typeof f32>>]>([
  ['weight "shape" is missing', { w: f32([1, 2]) }],
  ['weight "v" does not fit', { v: f32([1]) }],
  ['weight "w" does not fit', { w: f32([1, 2, 3]) }],
  ['weight "shape" does not fit', { w: f32([1, 2]), shape: f32([1]) }],
])("%s: refused", ([message, tensors]) => {
  const { graph } = splitWeights(scaled());
  expect(() => attachWeights(graph, new Map(Object.entries(tensors)))).toThrow(message);
});

test.for(["{", "3", "[1]"])("a list of weights that is %s is refused", (listed) => {
  const graph = { ...scaled(), metadata: { [weightsMetadataKey]: listed } };
  expect(() => attachWeights(graph, new Map())).toThrow("JSON list of names");
});
