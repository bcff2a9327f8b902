import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../../test/run-graph.ts";
import { float, graphBuilder, int } from "../builder.ts";
import type { Attribute, Graph } from "../graph.ts";
import { inferBodies, inferValues } from "../infer.ts";
import { decodeOnnx } from "../onnx-read.ts";
import { encodeOnnx } from "../onnx-write.ts";
import type { Tensor } from "../tensor.ts";
import { f32, i64 } from "../tensor.ts";
import { validate } from "../validate.ts";
import { controlFlow } from "./control-flow.ts";

const fixture = new Uint8Array(
  readFileSync(new URL("../../../../test/fixtures/graph/control-flow.onnx", import.meta.url)),
);
const bool = (value: boolean): Tensor => ({
  dtype: "bool",
  shape: [],
  data: Uint8Array.of(Number(value)),
});
const feeds = (flag: boolean, steps: number) => ({
  x: f32([1, 2, 3, 4, -5, 6, -7, 8], [2, 4]),
  flag: bool(flag),
  steps: i64([steps], []),
});

// The oracle is onnxruntime on the file as python onnx wrote it (fixtures/graph/make-bodies.py).
test.for([
  [true, 3],
  [false, 0],
] as const)(
  "bodies of opset 13 compute the same once read and written: %s, %i",
  async ([flag, steps]) => {
    const expected = await runGraph(fixture, feeds(flag, steps));
    const once = decodeOnnx(fixture);
    validate(once);
    for (const graph of [once, decodeOnnx(encodeOnnx(once))]) {
      const actual = await runGraph(graph, feeds(flag, steps));
      for (const [name, value] of Object.entries(expected)) {
        expect(difference(actual[name], value)).toBe(0);
      }
    }
  },
);

test("shapes are followed through bodies", async () => {
  const graph = decodeOnnx(fixture);
  const { values, bodies } = inferBodies(graph);
  const shapes = Object.fromEntries(
    graph.outputs.map(({ name }) => [name, values.get(name)?.shape]),
  );
  expect(shapes).toEqual({
    chosen: ["N", 4],
    grown: ["N", 4],
    trace: ["trace_0", "N"],
    last: [4],
    running: ["N", 4],
  });
  expect([...bodies.values()].flatMap((body) => body.get("scaled")?.shape ?? [])).toEqual(["N", 4]);
  const results = await runGraph(graph, feeds(true, 3));
  for (const [name, { dtype }] of Object.entries(results))
    expect(values.get(name)?.dtype).toBe(dtype);
});

type Body = (b: ReturnType<typeof graphBuilder>) => readonly string[];
const bodyOf = (name: string, inputs: readonly string[], build: Body): Attribute => {
  const b = graphBuilder(name);
  for (const input of inputs) b.input({ name: input, dtype: "float32" });
  for (const output of build(b)) b.output({ name: output, dtype: "float32" });
  return { kind: "graph", value: b.build() };
};

function loopOver(shape: readonly number[], inputs: readonly string[], body: Body): Graph {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape });
  b.addMany("Loop", ["", "", "x"], 1, {
    attributes: { body: bodyOf("round", inputs, body) },
    outputs: ["y"],
    name: "loop",
  });
  return b.build();
}

test("a carried value whose shape a round changes is open there", () => {
  const shapeOf = (body: Body) =>
    inferValues(loopOver([2, 3], ["i", "on", "s"], body)).get("y")?.shape;
  const doubled: Body = (b) => [
    "on",
    b.add("Concat", ["s", "s"], { attributes: { axis: int(1) }, outputs: ["t"] }),
  ];
  expect(shapeOf(doubled)).toEqual([2, "y_1"]);
  const flattened: Body = (b) => ["on", b.add("Reshape", ["s", b.constant(i64([-1]))])];
  expect(shapeOf(flattened)).toBeUndefined();
});

test("a condition that is known decides which branch must fit", () => {
  const branches = (condition: boolean) => {
    const b = graphBuilder("g");
    b.input({ name: "x", dtype: "float32", shape: [2, 3] });
    b.initializer("c", bool(condition));
    b.add("If", ["c"], {
      attributes: {
        then_branch: bodyOf("a", [], (t) => [t.add("Squeeze", ["x", t.constant(i64([0]))])]),
        else_branch: bodyOf("b", [], (t) => [t.add("Identity", ["x"], { outputs: ["same"] })]),
      },
      outputs: ["y"],
    });
    return b.build();
  };
  expect(inferValues(branches(false)).get("y")?.shape).toEqual([2, 3]);
  expect(() => inferValues(branches(true))).toThrow("Squeeze");
});

test.for<[string, Graph, string]>([
  ["too few inputs of a body", loopOver([1], ["i"], () => ["i"]), "has 1 inputs, not 3"],
  ["too many outputs", loopOver([1], ["i", "on", "s"], () => ["on", "s", "s"]), "must be 2 values"],
])("%s is refused, naming the node", ([, graph, message]) => {
  expect(() => inferValues(graph)).toThrow(/Loop "loop"/);
  expect(() => inferValues(graph)).toThrow(message);
});

test("a node without its body, and branches of two dtypes, are refused", () => {
  const b = graphBuilder("g");
  b.input({ name: "c", dtype: "bool", shape: [] });
  b.add("If", ["c"], { attributes: { then_branch: float(1) }, outputs: ["y"], name: "odd" });
  expect(() => inferValues(b.build())).toThrow('If "odd": it needs the graph "then_branch"');
  const two = graphBuilder("g");
  two.input({ name: "c", dtype: "bool", shape: [] });
  const constant = (tensor: Tensor): Attribute =>
    bodyOf("b", [], (t) => [t.initializer("k", tensor)]);
  two.add("If", ["c"], {
    attributes: { then_branch: constant(f32([1])), else_branch: constant(i64([1])) },
    outputs: ["y"],
  });
  expect(() => inferValues(two.build())).toThrow("float32 or int64");
});

test("a scan without scanned inputs is refused", () => {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.add("Scan", ["x"], { attributes: { num_scan_inputs: int(2) }, name: "s" });
  expect(() => inferValues(b.build())).toThrow("num_scan_inputs must be 1 to");
  expect(Object.keys(controlFlow)).toEqual(["If", "Loop", "Scan"]);
});
