import { expect, test } from "vitest";
import { graphBuilder, int } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { normaliseSoftmax } from "./opset-softmax.ts";

function softmax(rank: number, axis: number): Graph {
  const b = graphBuilder("g");
  const shape = Array.from({ length: rank }, (_, i) => i + 2);
  const x = b.input({ name: "x", dtype: "float32", shape });
  b.add("Softmax", [x], { attributes: { axis: int(axis) }, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

const opsOf = (graph: Graph): string[] =>
  normaliseSoftmax(graph, () => true).nodes.map(({ op }) => op);

test("along the last axis it stays one node", () => {
  expect(opsOf(softmax(2, 1))).toEqual(["Softmax"]);
  expect(opsOf(softmax(4, 3))).toEqual(["Softmax"]);
  expect(opsOf(softmax(4, -1))).toEqual(["Softmax"]);
});

test("over several axes it is flattened and shaped back", () => {
  expect(opsOf(softmax(3, 1))).toEqual(["Shape", "Flatten", "Softmax", "Reshape"]);
});

test("where shapes are not known, flattening is right too", () => {
  const graph = softmax(2, 1);
  const odd = { name: "odd", op: "NoSuchOperator", inputs: ["x"], outputs: ["z"], attributes: {} };
  const nodes = graph.nodes.map((node) => ({ ...node, inputs: ["z"] }));
  expect(opsOf({ ...graph, nodes: [odd, ...nodes] })).toHaveLength(5);
});

test("a node of today's meaning stays as it is", () => {
  const graph = softmax(3, 1);
  expect(normaliseSoftmax(graph, () => false)).toBe(graph);
});
