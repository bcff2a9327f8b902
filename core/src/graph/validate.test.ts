import { expect, test } from "vitest";
import { float, graphBuilder, int } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { f32 } from "./tensor.ts";
import { validate } from "./validate.ts";

function graphWith(node: Partial<Node>, parts: Partial<Graph> = {}): Graph {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.push({ name: "n", op: "Relu", inputs: ["x"], outputs: ["y"], attributes: {}, ...node });
  b.output({ name: "y", dtype: "float32" });
  return { ...b.build(), ...parts };
}

test("a sound graph passes", () => {
  expect(validate(graphWith({}))).toBeUndefined();
});

test.for<[string, Partial<Node>]>([
  ["expected 1 inputs, not 2", { inputs: ["x", "x"] }],
  ["expected 2 inputs, not 1", { op: "Add" }],
  ["expected 1 to 3 inputs, not 1", { op: "Clip", inputs: [""] }],
  ["expected 1 outputs, not 2", { outputs: ["y", "z"] }],
  ['it has no attribute "alpha"', { attributes: { alpha: float(1) } }],
  ['it has no attribute "constructor"', { attributes: { constructor: float(1) } }],
  ['attribute "alpha" must be float, not int', { op: "Elu", attributes: { alpha: int(1) } }],
  ["no rule for Nonsense", { op: "Nonsense" }],
  ["not assigned before it is used", { inputs: ["z"] }],
])("%s", ([message, node]) => {
  expect(() => validate(graphWith(node))).toThrow(message);
});

test("a tensor whose data does not fit is refused", () => {
  expect(() => validate(graphWith({}, { initializers: new Map([["w", f32([1], [2])]]) }))).toThrow(
    "expected 2 elements",
  );
});
