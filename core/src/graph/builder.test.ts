import { expect, test } from "vitest";
import { float, graphBuilder, int, ints, text } from "./builder.ts";
import { f32, scalar } from "./tensor.ts";

test("nodes are appended in order and name what they compute", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N"] });
  const w = b.initializer("w", f32([1]));
  const y = b.add("Add", [x, w], { name: "sum" });
  const [values] = b.addMany("TopK", [y, b.constant(scalar(1))], 2, { outputs: ["top", ""] });
  b.output({ name: "top", dtype: "float32" });
  const graph = b.build();
  expect([y, values]).toEqual(["sum", "top"]);
  expect(graph.nodes.map(({ op, outputs }) => [op, outputs])).toEqual([
    ["Add", ["sum"]],
    ["TopK", ["top", ""]],
  ]);
  expect([...graph.initializers.keys()]).toEqual(["w", "constant"]);
});

test("made names never meet names of the graph it started from", () => {
  const b = graphBuilder("g");
  b.add("Neg", [b.input({ name: "neg", dtype: "float32" })]);
  const next = graphBuilder(b.build());
  expect(b.build().nodes.flatMap(({ outputs }) => outputs)).not.toContain(next.add("Neg", ["neg"]));
  expect(next.fresh("other")).toBe("other");
  expect(next.build().nodes).toHaveLength(2);
});

test("assigning a value twice is refused, also through a finished node", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32" });
  expect(() => b.initializer("x", scalar(1))).toThrow("assigned once");
  const node = { name: "n", op: "Neg", inputs: [x], outputs: ["x"], attributes: {} };
  expect(() => b.push(node)).toThrow("assigned once");
});

test("attributes carry their kind", () => {
  expect([int(1), float(0.5), ints([1]), text("t")].map(({ kind }) => kind)).toEqual([
    "int",
    "float",
    "ints",
    "string",
  ]);
});

test("a name that is made up is none of those inside bodies, whether kept or pushed", () => {
  const body = graphBuilder("body");
  body.output({ name: body.add("Neg", ["x"], { outputs: ["hidden"] }), dtype: "float32" });
  const b = graphBuilder("g");
  const c = b.input({ name: "c", dtype: "bool" });
  b.input({ name: "x", dtype: "float32" });
  const branch = { kind: "graph" as const, value: body.build() };
  b.add("If", [c], { attributes: { then_branch: branch }, outputs: ["y"] });
  const graph = b.build();
  expect(graphBuilder(graph).fresh("hidden")).toBe("hidden_1");
  const again = graphBuilder({ ...graph, nodes: [] });
  for (const node of graph.nodes) again.push(node);
  expect(again.add("Neg", ["x"], { name: "hidden" })).toBe("hidden_1");
  expect(graphBuilder("g", ["taken"]).fresh("taken")).toBe("taken_1");
});
