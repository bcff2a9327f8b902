import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { f32 } from "../graph/tensor.ts";
import { fakeQuantize } from "./fake-quantize.ts";
import { integerWeights } from "./integer-weights.ts";

function layer(weight: number, bias: number): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 2] });
  const w = b.initializer("w", f32([weight, 0.5, -0.25, weight], [2, 2]));
  b.add("Gemm", [x, w, b.initializer("b", f32([bias, 0]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [1, 2] });
  return b.build();
}
const ranges = { "x.observed": { min: 0, max: 2.55 } };
const replaced = (
  graph: Graph,
  name: string,
  values: readonly number[],
  shape: number[],
): Graph => ({
  ...graph,
  initializers: new Map([...graph.initializers, [name, f32(values, shape)]]),
});

test("weights that training moved are rounded with the scales that it saw", () => {
  const trained = replaced(fakeQuantize(layer(1.27, 0), ranges), "w", [0.5, 0.5, 9, -9], [2, 2]);
  const { initializers, nodes } = integerWeights(trained);
  // By hand: scales 1.27 / 127 in both columns; 9 and -9 are outside, as they were for QuantizeLinear.
  expect([...(initializers.get("w.int8")?.data ?? [])]).toEqual([50, 50, 127, -128]);
  expect(initializers.get("b.int32")?.dtype).toBe("int32");
  expect([initializers.has("w"), initializers.has("b")]).toEqual([false, false]);
  expect(nodes.filter(({ op }) => op === "QuantizeLinear")).toHaveLength(1);
});

test("a bias that training made too long for 32 bits raises the scale of its weights", async () => {
  const trained = replaced(fakeQuantize(layer(1e-7, 0), ranges), "b", [1e4, 0], [2]);
  const int8 = integerWeights(trained);
  const x = f32([1, 1], [1, 2]);
  const [exact, rounded] = [await runGraph(trained, { x }), await runGraph(int8, { x })];
  expect(difference(exact["y"], rounded["y"])).toBeLessThan(0.01);
  // The other column of weights is not small: only the first scale is raised.
  expect(int8.initializers.get("w.scale")?.data[1]).toBe(
    trained.initializers.get("w.scale")?.data[1],
  );
});

test("a graph without rounded weights comes back as it is", () => {
  expect(integerWeights(layer(1, 1))).toEqual(layer(1, 1));
});
