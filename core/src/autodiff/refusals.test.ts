import { expect, test } from "vitest";
import { drawFrom } from "../../../test/reference/case.ts";
import { cases } from "../../../test/reference/cases.ts";
import { graphBuilder, int, text } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { codeOf } from "../platform/errors.ts";
import { differentiate } from "./differentiate.ts";
import { gradientRefusals } from "./refusals.ts";

const throwsOn = (graph: Graph): string => {
  try {
    differentiate(graph);
    return "";
  } catch (error) {
    return codeOf(error);
  }
};

test.for(Object.entries(cases))(
  "%s is refused here where differentiate refuses it",
  ([, maker]) => {
    for (const seed of [1, 2, 3]) {
      const { graph } = maker(drawFrom(seed));
      expect(gradientRefusals(graph).size > 0).toBe(throwsOn(graph) !== "");
    }
  },
);

test("a node that is refused for its attributes is named with the rule's own reason", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 1, 4, 4] });
  const scales = b.constant(f32([1, 1, 2, 2]));
  b.add("Resize", [x, "", scales], {
    attributes: { mode: text("linear"), antialias: int(1) },
    name: "smoothed",
  });
  b.add("Resize", [x, "", scales], { attributes: { mode: text("linear") }, name: "linear" });
  const found = [...gradientRefusals(b.build())].map(([{ name }, reason]) => [name, reason]);
  expect(found).toEqual([["smoothed", "antialias is not supported"]]);
});

test("nodes that no gradient reaches are not refused, unknown ones that it reaches are", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2] });
  b.add("NonZero", [b.constant(i64([1, 0]))], { name: "indices" });
  b.add("Odd", [x], { name: "odd", domain: "com.example" });
  const found = [...gradientRefusals(b.build())].map(([{ name }, reason]) => [name, reason]);
  expect(found).toEqual([["odd", "the operator has no row in the gradient table"]]);
});
