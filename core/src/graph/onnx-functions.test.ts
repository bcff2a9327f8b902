import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { codeOf, messageOf } from "../platform/errors.ts";
import { onnxFields } from "./onnx-fields.ts";
import { functionKey } from "./onnx-functions.ts";
import { decodeOnnx } from "./onnx-read.ts";
import type { MessageWriter } from "./protobuf-writer.ts";
import { messageWriter } from "./protobuf-writer.ts";
import { f32 } from "./tensor.ts";
import { validate } from "./validate.ts";

const fixture = new Uint8Array(
  readFileSync(new URL("../../../test/fixtures/graph/functions.onnx", import.meta.url)),
);

// The oracle is onnxruntime on the file as python onnx wrote it (fixtures/graph/make-bodies.py).
test("nested functions with attributes and defaults compute the same once expanded", async () => {
  const x = f32([1, 2, 3, 4, -5, 6, -7, 8], [2, 4]);
  const graph = decodeOnnx(fixture);
  validate(graph);
  expect(graph.nodes.every(({ domain }) => domain === undefined)).toBe(true);
  expect(graph.nodes.map(({ op }) => op)).not.toContain("CastLike");
  const expected = await runGraph(fixture, { x });
  const actual = await runGraph(graph, { x });
  for (const [name, value] of Object.entries(expected)) {
    expect(difference(actual[name], value)).toBe(0);
  }
});

type FunctionOf = {
  readonly name: string;
  readonly inputs?: readonly string[];
  readonly outputs: readonly string[];
  readonly opset?: number;
  readonly nodes: readonly NodeOf[];
};
type NodeOf = {
  readonly op: string;
  readonly domain?: string;
  readonly inputs?: readonly string[];
  readonly outputs: readonly string[];
  /** Attribute by name: an integer list, or a reference. */
  readonly axes?: readonly number[] | string;
};

function writeNode(
  writer: MessageWriter,
  { op, domain = "", inputs = ["a"], outputs, axes }: NodeOf,
) {
  const fields = onnxFields.node;
  for (const name of inputs) writer.text(fields.inputs, name);
  for (const name of outputs) writer.text(fields.outputs, name);
  writer.text(fields.op, op);
  writer.text(fields.domain, domain);
  if (axes === undefined) return;
  writer.message(fields.attributes, (attribute) => {
    attribute.text(onnxFields.attribute.name, "axes");
    if (typeof axes === "string") attribute.text(onnxFields.attribute.reference, axes);
    else attribute.ints(onnxFields.attribute.ints, axes);
    attribute.int(onnxFields.attribute.type, 7);
  });
}

/** A model of opset 21 whose one node calls the first function on x. */
function modelOf(functions: readonly FunctionOf[], call: Partial<NodeOf> = {}): Uint8Array {
  const writer = messageWriter();
  const { model, graph, value, function: fields, opset } = onnxFields;
  const info = (name: string) => (inner: MessageWriter) => {
    inner.text(value.name, name);
    inner.message(value.type, (type) =>
      type.message(onnxFields.type.tensor, (tensor) => tensor.int(1, 1)),
    );
  };
  writer.message(model.graph, (inner) => {
    inner.message(graph.inputs, info("x"));
    const op = functions[0]?.name ?? "";
    inner.message(graph.nodes, (node) =>
      writeNode(node, { op, domain: "f", inputs: ["x"], outputs: ["y"], ...call }),
    );
    inner.message(graph.outputs, info("y"));
  });
  writer.message(model.opsets, (inner) => inner.int(opset.version, 21));
  for (const { name, inputs = ["a"], outputs, nodes, opset: version = 21 } of functions) {
    writer.message(model.functions, (inner) => {
      inner.text(fields.name, name);
      inner.text(fields.domain, "f");
      for (const input of inputs) inner.text(fields.inputs, input);
      for (const output of outputs) inner.text(fields.outputs, output);
      for (const node of nodes) inner.message(fields.nodes, (each) => writeNode(each, node));
      inner.message(fields.opsets, (each) => each.int(opset.version, version));
    });
  }
  return writer.finish();
}

test("an output that is an input, or is given out twice, is copied", () => {
  const pass = { name: "pass", outputs: ["a"], nodes: [] };
  expect(decodeOnnx(modelOf([pass])).nodes).toMatchObject([
    { op: "Identity", inputs: ["x"], outputs: ["y"] },
  ]);
  const twice = { name: "twice", outputs: ["b", "b"], nodes: [{ op: "Neg", outputs: ["b"] }] };
  const { nodes } = decodeOnnx(modelOf([twice], { outputs: ["z", "y"] }));
  expect(nodes.map(({ op, outputs }) => [op, ...outputs])).toEqual([
    ["Neg", "z"],
    ["Identity", "y"],
  ]);
});

test("a function's own opset holds for its nodes", () => {
  const old = { op: "Squeeze", outputs: ["b"], axes: [0] };
  const { nodes } = decodeOnnx(modelOf([{ name: "f", outputs: ["b"], opset: 11, nodes: [old] }]));
  expect(nodes[0]?.inputs).toEqual(["x", "y.axes"]);
  expect(Object.keys(nodes[0]?.attributes ?? {})).toEqual([]);
});

test("an attribute that neither call nor function gives is left out", () => {
  const node = { op: "Squeeze", outputs: ["b"], axes: "where" };
  const functions = [{ name: "f", outputs: ["b"], opset: 11, nodes: [node] }];
  expect(decodeOnnx(modelOf(functions)).nodes[0]?.inputs).toEqual(["x"]);
});

const doubling = (depth: number): FunctionOf[] =>
  Array.from({ length: depth }, (_, i) => ({
    name: `f${i}`,
    outputs: ["c"],
    nodes:
      i === depth - 1
        ? [{ op: "Neg", outputs: ["c"] }]
        : [
            { op: `f${i + 1}`, domain: "f", outputs: ["b"] },
            { op: `f${i + 1}`, domain: "f", inputs: ["b"], outputs: ["c"] },
          ],
  }));

test.for<[string, Uint8Array, string, string]>([
  [
    "a function that calls itself",
    modelOf([{ name: "f", outputs: ["b"], nodes: [{ op: "f", domain: "f", outputs: ["b"] }] }]),
    "ONNX_INVALID",
    "called by itself",
  ],
  [
    "calls that double at each of sixty levels",
    modelOf(doubling(60)),
    "ONNX_INVALID",
    "too many nodes",
  ],
  ["calls a hundred deep", modelOf(doubling(100)), "ONNX_INVALID", "too"],
  [
    "two functions of one name",
    modelOf([
      { name: "f", outputs: ["b"], nodes: [] },
      { name: "f", outputs: ["b"], nodes: [] },
    ]),
    "ONNX_INVALID",
    'function "f" is given twice',
  ],
  [
    "more inputs than a function has",
    modelOf([{ name: "f", outputs: ["a"], nodes: [] }], { inputs: ["x", "x"] }),
    "GRAPH_INVALID",
    "its function has 1 inputs",
  ],
  [
    "an output that a function never gives",
    modelOf([{ name: "f", outputs: ["b"], nodes: [] }]),
    "GRAPH_INVALID",
    '"y" is never assigned',
  ],
  [
    "a reference outside a function",
    modelOf([], { op: "Squeeze", domain: "", axes: "where" }),
    "ONNX_INVALID",
    "referred to outside",
  ],
])("%s: refused", ([, bytes, code, message]) => {
  let error: unknown;
  try {
    decodeOnnx(bytes);
  } catch (caught) {
    error = caught;
  }
  expect(codeOf(error)).toBe(code);
  expect(messageOf(error)).toContain(message);
});

test("a key tells domain, name and overload apart", () => {
  const keys = [
    functionKey("a", "b", ""),
    functionKey("a", "", "b"),
    functionKey(undefined, "b", "a"),
  ];
  expect(new Set(keys).size).toBe(3);
  expect(functionKey("ai.onnx", "f", "")).toBe(functionKey(undefined, "f", ""));
});
