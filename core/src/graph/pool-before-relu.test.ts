import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder, ints } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { poolBeforeRelu } from "./pool-before-relu.ts";
import { f32 } from "./tensor.ts";

function network({ reads = 1, pools = 1 } = {}): Graph {
  const b = graphBuilder("net");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1, 8] });
  const relu = b.add("Relu", [b.add("Neg", [x])]);
  const attributes = { kernel_shape: ints([3]), strides: ints([2]), pads: ints([1, 1]) };
  const [pooled = ""] = b.addMany("MaxPool", [relu], pools, { attributes });
  b.add("Exp", [pooled], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  if (reads > 1) b.output({ name: relu, dtype: "float32" });
  return b.build();
}

test("a Relu goes behind its pool, and nothing else changes", () => {
  const graph = network();
  const swapped = poolBeforeRelu(graph);
  expect(swapped.nodes.map(({ op }) => op)).toEqual(["Neg", "MaxPool", "Relu", "Exp"]);
  const x = f32([1, -2, 0, 3, 4, 5, 6, -7], [1, 1, 8]);
  expect(run(swapped, { x })).toEqual(run(graph, { x }));
});

test.for([{ reads: 2 }, { pools: 2 }])("what others read stays: %o", (options) => {
  const graph = network(options);
  expect(poolBeforeRelu(graph)).toBe(graph);
});
