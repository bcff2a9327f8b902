import { expect, test } from "vitest";
import { float, graphBuilder, text } from "../graph/builder.ts";
import { zeros } from "../graph/dtypes.ts";
import type { Graph } from "../graph/graph.ts";
import { f32, scalar } from "../graph/tensor.ts";
import { observe } from "./observe.ts";
import { quantize } from "./quantize.ts";
import { quantizationRefusals } from "./refusals.ts";

const reasonsOf = (graph: Graph): Record<string, string | undefined> =>
  Object.fromEntries(
    [...quantizationRefusals(graph)].map(([{ name }, reason]) => [name, reason.split(" ")[0]]),
  );

test("each node that stays in float says why, the others nothing", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 4] });
  const w = b.initializer("w", zeros("float32", [4, 3]));
  const results = [
    b.add("MatMul", [x, w], { name: "fine" }),
    b.add("Gemm", [x, w], { name: "scaled", attributes: { alpha: float(0.5) } }),
    b.add("Clip", [x, x], { name: "open" }),
    b.add("Clip", [x, b.constant(scalar(0))], { name: "relu" }),
    b.add("Resize", [x], { name: "cubic", attributes: { mode: text("cubic") } }),
    b.add("Erf", [x], { name: "erf" }),
    b.add("Gelu", [x], { name: "foreign", domain: "com.microsoft" }),
  ];
  for (const name of results) b.output({ name, dtype: "float32" });
  b.add("Erf", [x], { name: "dead" });
  expect(reasonsOf(b.build())).toEqual({
    scaled: "its",
    open: "its",
    cubic: "what",
    erf: "no",
    foreign: "the",
  });
});

test("a normalisation that is folded is none of them, one that is not is", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 4] });
  const statistics = ["scale", "bias", "mean", "variance"].map((name) =>
    b.initializer(name, f32([1, 1, 1])),
  );
  const product = b.add("Gemm", [x, b.initializer("w", zeros("float32", [4, 3]))]);
  const first = b.add("BatchNormalization", [product, ...statistics], { name: "folded" });
  const second = b.add("BatchNormalization", [b.add("Relu", [first]), ...statistics], {
    name: "kept",
  });
  b.output({ name: second, dtype: "float32" });
  expect(reasonsOf(b.build())).toEqual({ kept: "no" });
});

test("an int8 graph has nothing left to refuse", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 4] });
  const w = b.initializer("w", f32(new Float32Array(12).fill(1), [4, 3]));
  b.output({ name: b.add("MatMul", [x, w], { outputs: ["y"] }), dtype: "float32" });
  const names = observe(b.build()).observed;
  const ranges = Object.fromEntries(names.map((name) => [name, { min: -4, max: 4 }]));
  const graph = quantize(b.build(), ranges);
  expect(graph.nodes.map(({ op }) => op)).toContain("DequantizeLinear");
  expect(reasonsOf(graph)).toEqual({});
});
