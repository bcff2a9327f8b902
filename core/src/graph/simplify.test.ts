import { expect, test } from "vitest";
import { difference, engines, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { dropUnused, simplify } from "./simplify.ts";
import type { Tensor } from "./tensor.ts";
import { f32, scalar } from "./tensor.ts";

const wave = (size: number, scale: number, shift = 0): Float32Array =>
  Float32Array.from({ length: size }, (_, i) => Math.sin(i * 1.7 + 0.3) * scale + shift);

function network(): { graph: Graph; feeds: { x: Tensor } } {
  const b = graphBuilder("net");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 8] });
  const normalize = (from: string, channels: number, name: string): string =>
    b.add("BatchNormalization", [
      from,
      b.initializer(`${name}.scale`, f32(wave(channels, 0.5, 1))),
      b.initializer(`${name}.bias`, f32(wave(channels, 0.3))),
      b.initializer(`${name}.mean`, f32(wave(channels, 0.2, 0.1))),
      b.initializer(`${name}.var`, f32(wave(channels, 0.4, 0.9))),
    ]);
  const c = b.add("Conv", [x, b.initializer("w", f32(wave(24, 0.5), [4, 3, 2]))]);
  const relu = b.add("Relu", [b.add("Identity", [normalize(c, 4, "n1")])]);
  const flat = b.add("Flatten", [b.add("Dropout", [relu])]);
  const g = b.add(
    "Gemm",
    [flat, b.initializer("v", f32(wave(56, 0.2), [2, 28])), b.initializer("c", f32([1, -1]))],
    {
      attributes: { transB: int(1) },
    },
  );
  b.add("Exp", [g]);
  b.output({
    name: b.add("Softmax", [normalize(g, 2, "n2")], { outputs: ["y"] }),
    dtype: "float32",
  });
  return { graph: b.build(), feeds: { x: f32(wave(48, 1), [2, 3, 8]) } };
}

test.for(engines)("the simplified graph computes the same on %s", async ([, engine]) => {
  const { graph, feeds } = network();
  const small = simplify(graph);
  expect(small.nodes.map(({ op }) => op)).toEqual(["Conv", "Relu", "Flatten", "Gemm", "Softmax"]);
  expect([...small.initializers.keys()].sort()).toEqual([
    "c.folded",
    "n1.bias.folded",
    "v.folded",
    "w.folded",
  ]);
  const before = await runGraph(graph, feeds, engine);
  const after = await runGraph(small, feeds, engine);
  expect(difference(before["y"], after["y"])).toBeLessThan(1e-6);
});

test("simplifying twice changes nothing more, and the original stays", () => {
  const { graph } = network();
  const small = simplify(graph);
  expect(simplify(small)).toEqual(small);
  expect(graph).toEqual(network().graph);
});

test("an identity that makes an output stays, unused inputs stay", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32" });
  b.input({ name: "unused", dtype: "float32" });
  b.output({ name: b.add("Identity", [x], { outputs: ["y"] }), dtype: "float32" });
  expect(simplify(b.build())).toEqual(b.build());
});

test("dropout in training mode is no identity", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32" });
  const on = b.constant({ dtype: "bool", shape: [], data: Uint8Array.of(1) });
  const y = b.add("Dropout", [x, b.constant(scalar(0.5)), on]);
  b.output({ name: b.add("Neg", [y]), dtype: "float32" });
  expect(simplify(b.build()).nodes).toHaveLength(2);
});

test("what a body of control flow reads is needed", () => {
  const inner = graphBuilder("body");
  inner.output({ name: inner.add("Neg", ["kept"], { outputs: ["z"] }), dtype: "float32" });
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "bool", shape: [] });
  b.initializer("kept", scalar(1));
  b.initializer("gone", scalar(1));
  const branch = { kind: "graph" as const, value: inner.build() };
  const attributes = { then_branch: branch, else_branch: branch };
  b.output({ name: b.add("If", [x], { attributes, outputs: ["y"] }), dtype: "float32" });
  expect([...dropUnused(b.build()).initializers.keys()]).toEqual(["kept"]);
});
