import { expect, test } from "vitest";
import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import type { QuantizationPlan } from "./plan.ts";
import { planQuantization } from "./plan.ts";

/** Builds a graph over x [N, 2, 8] that ends in y. */
function graphOf(build: (b: GraphBuilder, x: string) => string): Graph {
  const b = graphBuilder("g");
  const y = build(b, b.input({ name: "x", dtype: "float32", shape: ["N", 2, 8] }));
  b.output({ name: y, dtype: "float32" });
  return b.build();
}

let count = 0;
const conv = (b: GraphBuilder, x: string, name: string): string => {
  count += 1;
  const w = b.initializer(`w${count}`, f32(new Float32Array(4), [2, 2, 1]));
  return b.add("Conv", [x, w], { outputs: [name] });
};

const groupsOf = ({ groups }: QuantizationPlan): Record<string, string> =>
  Object.fromEntries(groups);

test("a rectifier after a convolution is rounded once, with its own range", () => {
  const plan = planQuantization(
    graphOf((b, x) => b.add("Relu", [conv(b, x, "c")], { outputs: ["r"] })),
  );
  expect(groupsOf(plan)).toEqual({ x: "x", r: "r" });
});

test("a convolution that something else reads is rounded before the rectifier too", () => {
  const graph = graphOf((b, x) => {
    const c = conv(b, x, "c");
    return b.add("Add", [b.add("Relu", [c], { outputs: ["r"] }), c], { outputs: ["s"] });
  });
  expect(groupsOf(planQuantization(graph))).toEqual({ x: "x", c: "c", r: "r", s: "s" });
});

test("pooling, reshaping and joining share the range of what came in", () => {
  const graph = graphOf((b, x) => {
    const [p, q] = [b.add("Relu", [conv(b, x, "c")], { outputs: ["r"] }), conv(b, x, "d")];
    const joined = b.add("Concat", [p, q], { attributes: { axis: int(1) }, outputs: ["j"] });
    const flat = b.add("Reshape", [joined, b.constant(i64([0, -1]))], { outputs: ["f"] });
    const y = b.add("MatMul", [flat, b.constant(f32(new Float32Array(64), [32, 2]))], {
      outputs: ["m"],
    });
    return b.add("Softmax", [y], { outputs: ["y"] });
  });
  const plan = planQuantization(graph);
  expect(groupsOf(plan)).toEqual({ x: "x", r: "r", d: "r", j: "r", f: "r" });
  expect([...plan.sources]).toEqual([
    ["x", ["x"]],
    ["r", ["r", "d"]],
  ]);
});

test("the last product and what follows it stay in float", () => {
  const graph = graphOf((b, x) => {
    const m = b.add("MatMul", [x, b.constant(f32(new Float32Array(16), [8, 2]))], {
      outputs: ["m"],
    });
    return b.add("Softmax", [m], { outputs: ["y"] });
  });
  expect(groupsOf(planQuantization(graph))).toEqual({ x: "x" });
});

test("arithmetic before the first convolution stays in float", () => {
  const graph = graphOf((b, x) => {
    const centred = b.add("Add", [x, b.constant(scalar(1))], { outputs: ["a"] });
    return conv(b, b.add("Transpose", [centred], { outputs: ["t"] }), "c");
  });
  expect(groupsOf(planQuantization(graph))).toEqual({ t: "t", c: "c" });
});

test("nodes that must stay in float do", () => {
  const graph = graphOf((b, x) => conv(b, conv(b, x, "fir"), "c"));
  const plan = planQuantization(graph, { isFloat: (node) => node.outputs.includes("fir") });
  expect(groupsOf(plan)).toEqual({ fir: "fir", c: "c" });
  expect(plan.weighted.size).toBe(1);
});

test("everything that has an integer form gets one when the whole graph shall", () => {
  const graph = graphOf((b, x) => {
    const flat = b.add("Flatten", [b.add("Tanh", [x], { outputs: ["t"] })], { outputs: ["f"] });
    const m = b.add("MatMul", [flat, b.constant(f32(new Float32Array(32), [16, 2]))], {
      outputs: ["m"],
    });
    return b.add("Softmax", [m], { outputs: ["y"] });
  });
  expect(groupsOf(planQuantization(graph))).toEqual({ f: "f" });
  const plan = planQuantization(graph, { whole: true });
  expect(groupsOf(plan)).toEqual({ x: "x", t: "t", f: "t", m: "m", y: "y" });
});

test("each part of a split shares the range of the whole", () => {
  const graph = graphOf((b, x) => {
    const [p = "", q = ""] = b.addMany("Split", [conv(b, x, "c")], 2, {
      attributes: { axis: int(1), num_outputs: int(2) },
      outputs: ["p", "q"],
    });
    const w = b.initializer("split.w", f32(new Float32Array(2), [2, 1, 1]));
    const parts = [p, q].map((part, i) => b.add("Conv", [part, w], { outputs: [`d${i}`] }));
    return b.add("Add", parts);
  });
  expect(groupsOf(planQuantization(graph))).toMatchObject({ c: "c", p: "c", q: "c" });
});

test("probabilities that leave the graph are not rounded, those that gate are", () => {
  const ending = graphOf((b, x) => b.add("Sigmoid", [conv(b, x, "c")], { outputs: ["p"] }));
  expect(groupsOf(planQuantization(ending))).toEqual({ x: "x", c: "c" });
  const gate = graphOf((b, x) => {
    const c = conv(b, x, "c");
    const gated = b.add("Mul", [c, b.add("Sigmoid", [c], { outputs: ["p"] })], { outputs: ["m"] });
    return conv(b, gated, "d");
  });
  expect(groupsOf(planQuantization(gate))).toEqual({ x: "x", c: "c", p: "p", m: "m", d: "d" });
});
