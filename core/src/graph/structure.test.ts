import { expect, test } from "vitest";
import type { Graph, Node } from "./graph.ts";
import { checkStructure, nodeInvalid } from "./structure.ts";
import { scalar } from "./tensor.ts";

const node = (op: string, inputs: string[], outputs: string[], body?: Graph): Node => ({
  name: `${op}-node`,
  op,
  inputs,
  outputs,
  attributes: body === undefined ? {} : { body: { kind: "graph", value: body } },
});

const graph = (parts: Partial<Graph>): Graph => ({
  name: "g",
  inputs: [{ name: "x", dtype: "float32" }],
  outputs: [],
  nodes: [],
  initializers: new Map(),
  ...parts,
});

test.for<[string, Graph, string]>([
  ["a cycle", graph({ nodes: [node("A", ["b"], ["a"]), node("B", ["a"], ["b"])] }), 'input "b"'],
  ["a value assigned twice", graph({ nodes: [node("A", ["x"], ["x"])] }), "exactly once"],
  ["an initialiser that is an input", graph({ initializers: new Map([["x", scalar(1)]]) }), "once"],
  ["an output out of nowhere", graph({ outputs: [{ name: "y", dtype: "int8" }] }), '"y"'],
  ["a nameless operator", graph({ nodes: [node("", ["x"], ["y"])] }), "named"],
])("%s is refused by name", ([, bad, message]) => {
  expect(() => checkStructure(bad)).toThrow(message);
});

test("a body sees the names around it and may not take them", () => {
  const body = graph({ inputs: [], nodes: [node("A", ["x"], ["inner"])] });
  expect(checkStructure(graph({ nodes: [node("If", ["x"], ["y"], body)] }))).toBeUndefined();
  const shadow = graph({ nodes: [] });
  expect(() => checkStructure(graph({ nodes: [node("If", ["x"], ["y"], shadow)] }))).toThrow(
    "once",
  );
});

test("a node without a name is named by what it computes", () => {
  expect(nodeInvalid({ ...node("A", [], ["y"]), name: "" }, "p").message).toBe('A "y": p');
});
