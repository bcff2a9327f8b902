import { expect, test } from "vitest";
import { graphBuilder } from "./builder.ts";
import { readsOf, readsOfGraph } from "./reads.ts";

test("reads are inputs, what bodies read, and outputs", () => {
  const inner = graphBuilder("body");
  inner.add("Add", ["outer", "outer"], { outputs: ["sum"] });
  inner.output({ name: "sum", dtype: "float32" });
  const b = graphBuilder("g");
  b.input({ name: "outer", dtype: "float32" });
  b.add("If", ["condition"], {
    attributes: { then_branch: { kind: "graph", value: inner.build() } },
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32" });
  const [node] = b.build().nodes;
  expect(node && readsOf(node)).toEqual(["condition", "outer", "outer", "sum"]);
  expect(readsOfGraph(b.build()).at(-1)).toBe("y");
});
