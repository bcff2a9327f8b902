import { expect, test } from "vitest";
import { graphBuilder, int } from "../graph/builder.ts";
import type { ValueInfo } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { scalar } from "../graph/tensor.ts";
import { backward } from "./backward.ts";
import { differentiate } from "./differentiate.ts";
import { emitter } from "./emitter.ts";

function chain() {
  const b = graphBuilder("chain");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.input({ name: "w", dtype: "float32", shape: [2] });
  b.add("Mul", ["x", "w"], { outputs: ["h"] });
  b.add("Cast", ["h"], { outputs: ["whole"], attributes: { to: int(7) } });
  b.add("Relu", ["h"], { outputs: ["y"] });
  return b;
}

function walk(wrt: readonly string[], seeds: readonly (readonly [string, string])[]) {
  const b = chain();
  b.initializer("seed", scalar(1));
  const graph = b.build();
  const found = backward(emitter(b, "grad"), {
    graph,
    values: inferValues(graph),
    seeds: new Map(seeds),
    wrt: new Set(wrt),
  });
  return {
    found,
    added: b
      .build()
      .nodes.slice(graph.nodes.length)
      .map((node) => node.op),
  };
}

test("only what leads to the asked values is computed", () => {
  expect(walk(["w"], [["y", "seed"]]).added).toEqual(["Greater", "Where", "Mul"]);
  expect(walk(["w", "x"], [["y", "seed"]]).added).toEqual(["Greater", "Where", "Mul", "Mul"]);
  expect(walk([], [["y", "seed"]]).added).toEqual([]);
});

test("a seed that nothing leads to finds nothing; integers carry no gradient", () => {
  expect(walk(["w"], []).found.size).toBe(0);
  expect(walk(["w"], [["whole", "seed"]]).found.size).toBe(0);
});

test("an operator of another domain is refused", () => {
  const b = chain();
  b.add("Gelu", ["y"], { domain: "com.microsoft", outputs: ["z"] });
  const graph = b.build();
  const values = new Map<string, Omit<ValueInfo, "name">>(inferValues(chain().build()));
  values.set("z", { dtype: "float32" });
  const options = { graph, values, seeds: new Map([["z", "seed"]]), wrt: new Set(["w"]) };
  expect(() => backward(emitter(b, "grad"), options)).toThrow("no row in the gradient table");
});

test("a body that takes a value from around it is refused, not passed by", () => {
  const body = graphBuilder("body");
  body.output({ name: body.add("Exp", ["x"], { outputs: ["e"] }), dtype: "float32" });
  const branch = { kind: "graph" as const, value: body.build() };
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  const c = b.input({ name: "c", dtype: "bool", shape: [] });
  const attributes = { then_branch: branch, else_branch: branch };
  b.output({
    name: b.add("If", [c], { attributes, outputs: ["y"], name: "choice" }),
    dtype: "float32",
  });
  expect(() => differentiate(b.build())).toThrow("no gradient for If (choice)");
});
