import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import type { Attribute, Graph } from "./graph.ts";
import { normaliseOpset, opsetReadMin } from "./onnx-normalise.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { f32, scalar } from "./tensor.ts";

const fixture = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/graph/${name}`, import.meta.url)));

const single = (op: string, attributes: Record<string, Attribute>, outputs = ["y"]): Graph => {
  const b = graphBuilder("g");
  b.addMany(op, [b.input({ name: "x", dtype: "float32" })], outputs.length, {
    attributes,
    outputs,
  });
  return b.build();
};

// The expected numbers are onnxruntime's on the file as python onnx wrote it (fixtures/graph/README.md).
test("a file of opset 13 computes the same after it was normalised", async () => {
  const expected = JSON.parse(new TextDecoder().decode(fixture("opset13.json")));
  const graph = decodeOnnx(fixture("opset13.onnx"));
  expect(graph.nodes.some(({ op }) => op === "Constant")).toBe(false);
  const { left, right } = await runGraph(graph, { x: f32(expected.x, [2, 4]) });
  expect(difference(left, f32(expected.left, [2, 3]))).toBeLessThan(1e-6);
  expect(difference(right, f32(expected.right, [2, 3]))).toBeLessThan(1e-6);
});

test("axes of a reduction become an input", () => {
  const graph = normaliseOpset(single("ReduceMean", { axes: ints([1, -1]), keepdims: int(0) }), 13);
  expect(graph.nodes[0]?.inputs).toEqual(["x", "y.axes"]);
  expect(Object.keys(graph.nodes[0]?.attributes ?? {})).toEqual(["keepdims"]);
  expect(graph.initializers.get("y.axes")?.data).toEqual(BigInt64Array.of(1n, -1n));
});

test("an equal split says into how many, a Fourier transform its axis as input", () => {
  expect(normaliseOpset(single("Split", {}, ["a", "b"]), 13).nodes[0]?.attributes).toEqual({
    num_outputs: int(2),
  });
  const dft = normaliseOpset(single("DFT", { axis: int(2), onesided: int(1) }), 17);
  expect(dft.nodes[0]?.inputs).toEqual(["x", "", "y.axis"]);
});

test.for<[string, Attribute, unknown[]]>([
  ["value_int", int(3), [3n]],
  ["value_floats", { kind: "floats", value: [0.5] }, [0.5]],
  ["value_string", { kind: "string", value: "s" }, ["s"]],
  ["value", { kind: "tensor", value: scalar(1) }, [1]],
])("a constant by %s becomes an initialiser", ([name, value, data]) => {
  const graph = normaliseOpset({ ...single("Constant", { [name]: value }), inputs: [] }, 21);
  expect(graph.nodes).toEqual([]);
  expect([...(graph.initializers.get("y")?.data ?? [])]).toEqual(data);
});

test("a constant without a value is refused", () => {
  expect(() => normaliseOpset(single("Constant", {}), 21)).toThrow("one value");
});

test("bodies of control flow are normalised too", () => {
  const body: Attribute = { kind: "graph", value: single("ReduceMax", { axes: ints([0]) }) };
  const [node] = normaliseOpset(single("If", { then_branch: body }, ["z"]), opsetReadMin).nodes;
  const inner = node?.attributes["then_branch"];
  expect(inner?.kind === "graph" && [...inner.value.initializers.keys()]).toEqual(["y.axes"]);
});

test("an operator that is newer than the internal opset is refused by code", () => {
  expect(() => normaliseOpset(single("RotaryEmbedding", {}), 23)).toThrow("came after opset 21");
});

test("names that are made up in a body are free around it too", () => {
  const body = single("ReduceMax", { axes: ints([0]) });
  const b = graphBuilder("g");
  const x = b.input({ name: "c", dtype: "bool" });
  b.add("If", [x], { attributes: { then_branch: { kind: "graph", value: body } }, outputs: ["z"] });
  b.add("Not", [x], { outputs: ["y.axes"] });
  const inner = normaliseOpset(b.build(), 13).nodes[0]?.attributes["then_branch"];
  expect(inner?.kind === "graph" && [...inner.value.initializers.keys()]).toEqual(["y.axes_1"]);
});

test("a node out of a function may be of an opset of its own", () => {
  const graph = single("Squeeze", { axes: ints([0]) });
  const [node] = graph.nodes;
  expect(node && normaliseOpset(graph, 21, new Map([[node, 11]])).nodes[0]?.inputs).toEqual([
    "x",
    "y.axes",
  ]);
});
