import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { EdgeloopError } from "../platform/errors.ts";
import { float, graphBuilder, int } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { encodeOnnx } from "./onnx-write.ts";
import { print } from "./print.ts";
import { simplify } from "./simplify.ts";
import { f32, i64 } from "./tensor.ts";
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

function shapeArithmetic(): Uint8Array {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 8] });
  const shape = b.add("Shape", [x]);
  const last = b.add("Slice", [
    shape,
    b.constant(i64([1])),
    b.constant(i64([3])),
    b.constant(i64([0])),
  ]);
  const target = b.add("Concat", [b.constant(i64([-1])), b.add("ReduceProd", [last])], {
    attributes: { axis: int(0) },
  });
  const flat = b.add("Expand", [b.add("Reshape", [x, target]), b.constant(i64([1, 24]))]);
  const padded = b.add("Pad", [flat, b.constant(i64([0, 1, 0, 1]))]);
  const tiled = b.add("Tile", [padded, b.add("ConstantOfShape", [b.constant(i64([2]))])]);
  b.output({ name: b.add("Range", [tiled, tiled, tiled]), dtype: "float32" });
  return encodeOnnx(b.build());
}

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/graph/${name}`, import.meta.url)));

test.for([
  ["a network", () => fixture("cnn.onnx")],
  ["an older file", () => fixture("opset13.onnx")],
  ["shape arithmetic", shapeArithmetic],
] as const)(
  "whatever %s is damaged to, passes throw coded errors only, and quickly",
  ([, load]) => {
    const bytes = load();
    const edit = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), (edits) => {
        const damaged = bytes.slice();
        for (const [at, value] of edits) damaged[at] = value;
        try {
          const graph = decodeOnnx(damaged);
          print(simplify(graph));
          validate(graph);
        } catch (error) {
          if (!(error instanceof EdgeloopError)) throw error;
        }
      }),
      { numRuns: 1500, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: true },
    );
  },
);
