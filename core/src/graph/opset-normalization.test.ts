import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { inferValues } from "./infer.ts";
import { perGroup, rootMeanSquare } from "./opset-normalization.ts";
import type { Rewrite } from "./opset-rewrite.ts";
import { f32 } from "./tensor.ts";

function rewritten(apply: Rewrite["apply"], node: Partial<Node>, sizes: readonly number[]): Graph {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: ["N", ...sizes] });
  const inputs = ["x", b.initializer("s", f32([1, 2])), b.initializer("b", f32([0, 10]))];
  const whole = { name: "n", op: "", inputs, outputs: ["y"], attributes: {}, ...node };
  for (const each of apply(whole, b)) b.push(each);
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

// Hand computation: two groups of two channels, ±1 after normalising, then scale and bias of the group.
test("a scale and a bias a group hold for each of its channels", async () => {
  const attributes = { num_groups: int(2) };
  const graph = rewritten(perGroup, { op: "GroupNormalization", attributes }, [4, 1]);
  const { y } = await runGraph(graph, { x: f32([1, 3, 5, 9], [1, 4, 1]) });
  expect(difference(y, f32([-1, 1, 8, 12], [1, 4, 1]))).toBeLessThan(1e-4);
  expect(inferValues(graph).get("y")?.shape).toEqual(["N", 4, 1]);
});

// Hand computation: the root of the mean of squares of [3, 4] is √12.5.
test.for([-1, 1])("the root mean square is over the axes from %i on", async (axis) => {
  const node = { op: "RMSNormalization", attributes: { axis: int(axis) } };
  const { y } = await runGraph(rewritten(rootMeanSquare, node, [2]), { x: f32([3, 4], [1, 2]) });
  const root = Math.sqrt(12.5);
  expect(difference(y, f32([3 / root, 8 / root], [1, 2]))).toBeLessThan(1e-5);
});
