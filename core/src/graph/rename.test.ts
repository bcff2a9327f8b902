import { expect, test } from "vitest";
import { graphBuilder } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { renameValues } from "./rename.ts";
import { scalar } from "./tensor.ts";

function clip(): Graph {
  const b = graphBuilder("clip");
  const x = b.input({ name: "x", dtype: "float32" });
  b.output({ name: b.add("Clip", [x, "", b.initializer("max", scalar(1))]), dtype: "float32" });
  return b.build();
}

test("every value is renamed, one that is left out is not", () => {
  const renamed = renameValues(clip(), (name) => `a/${name}`);
  expect(renamed.nodes[0]?.inputs).toEqual(["a/x", "", "a/max"]);
  expect([renamed.inputs[0]?.name, renamed.outputs[0]?.name]).toEqual(["a/x", "a/clip"]);
  expect([...renamed.initializers.keys()]).toEqual(["a/max"]);
});

test("bodies of control flow are renamed with the graph around them", () => {
  const node = {
    name: "if",
    op: "If",
    inputs: ["x"],
    outputs: ["y"],
    attributes: { body: { kind: "graph" as const, value: clip() } },
  };
  const [outer] = renameValues({ ...clip(), nodes: [node] }, (name) => `${name}2`).nodes;
  const body = outer?.attributes["body"];
  expect(body?.kind === "graph" && body.value.nodes[0]?.outputs).toEqual(["clip2"]);
});
