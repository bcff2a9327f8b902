import { expect, test } from "vitest";
import type { Draw } from "../../../test/reference/case.ts";
import { drawFrom } from "../../../test/reference/case.ts";
import { cases } from "../../../test/reference/cases.ts";
import { run } from "../../../test/reference/index.ts";
import { difference, engines, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { dropUnused, simplify } from "./simplify.ts";
import type { Tensor } from "./tensor.ts";
import { f32, scalar } from "./tensor.ts";
import { validate } from "./validate.ts";

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

/** A network of random layers, some of them useless: identities, dead ends, normalisations that can be folded or not. */
function randomNetwork(draw: Draw): { graph: Graph; feeds: { x: Tensor } } {
  const b = graphBuilder("random");
  const [batch, channels, length] = [draw.int(1, 3), draw.int(1, 4), draw.int(4, 9)];
  let size = channels;
  const values = [b.input({ name: "x", dtype: "float32", shape: [batch, channels, length] })];
  let last = values[0] ?? "";
  const floats = (...shape: number[]) => b.constant(draw.tensor(shape), "w");
  const layers: Readonly<Record<string, () => string>> = {
    identity: () => b.add("Identity", [last]),
    dropout: () => b.add("Dropout", [last, ...(draw.flip() ? [b.constant(scalar(0.3))] : [])]),
    relu: () => b.add("Relu", [last]),
    convolution() {
      const [from, group] = [size, draw.flip() ? size : 1];
      size = group * draw.int(1, 3);
      const bias = draw.flip() ? [floats(size)] : [];
      const attributes = { group: int(group), pads: ints([1, 1]) };
      return b.add("Conv", [last, floats(size, from / group, 3), ...bias], { attributes });
    },
    normalization() {
      const statistics = [draw.tensor([size]), draw.tensor([size]), draw.tensor([size])];
      const names = [...statistics, draw.positive([size])].map((tensor) => b.constant(tensor, "s"));
      return b.add("BatchNormalization", [last, ...names]);
    },
    sum: () => b.add("Add", [last, last]),
    constant() {
      const parts = [last, b.constant(draw.positive(draw.of([], [size, 1], [1, 1, 1])), "k")];
      const op = draw.of("Add", "Sub", "Mul", "Div");
      // A rectifier's zeros are nothing to divide by.
      return b.add(op, op === "Div" || draw.flip() ? parts : parts.reverse());
    },
  };
  for (let i = 0; i < draw.int(4, 12); i += 1) {
    const made = layers[draw.of(...Object.keys(layers))]?.() ?? "";
    if (draw.int(0, 5) === 0) b.add("Exp", [made]);
    if (draw.int(0, 6) === 0) b.output({ name: made, dtype: "float32" });
    last = made;
  }
  const flat = b.add("Flatten", [last]);
  const product = b.add("Gemm", [flat, floats(size * length, 3), floats(3)]);
  const statistics = [draw.tensor([3]), draw.tensor([3]), draw.tensor([3]), draw.positive([3])];
  const names = statistics.map((tensor) => b.constant(tensor, "s"));
  b.output({ name: b.add("BatchNormalization", [product, ...names]), dtype: "float32" });
  return { graph: b.build(), feeds: { x: draw.tensor([batch, channels, length]) } };
}

/** The largest difference of two values, by the size of what is expected. */
function relative(actual: Tensor | undefined, expected: Tensor | undefined): number {
  if (String(actual?.shape) !== String(expected?.shape)) return Number.NaN;
  const [a, e] = [actual, expected].map((tensor) => Array.from(tensor?.data ?? [], Number));
  const scale = Math.max(1, ...(e ?? []).map(Math.abs));
  return Math.max(
    0,
    ...(e ?? []).map((value, i) => Math.abs(value - (a?.[i] ?? Number.NaN)) / scale),
  );
}

// The oracle is the float64 interpreter; folded weights are rounded to float32 once.
test("random networks compute the same once simplified, and never have more nodes", () => {
  let folded = 0;
  for (let seed = 0; seed < 150; seed += 1) {
    const { graph, feeds } = randomNetwork(drawFrom(seed));
    const simple = simplify(graph);
    validate(simple);
    const [expected, actual] = [run(graph, feeds), run(simple, feeds)];
    for (const { name } of graph.outputs) {
      expect(relative(actual[name], expected[name]), `${seed} ${name}`).toBeLessThan(1e-5);
    }
    expect(simple.nodes.length).toBeLessThanOrEqual(graph.nodes.length);
    folded += Number(simple.nodes.length < dropUnused(graph).nodes.length);
  }
  expect(folded).toBeGreaterThan(100);
});

test.for(Object.entries(cases))("%s alone computes the same once simplified", ([, maker]) => {
  for (const seed of [1, 2]) {
    const { graph, feeds } = maker(drawFrom(seed));
    const [expected, actual] = [run(graph, feeds), run(simplify(graph), feeds)];
    for (const [name, value] of Object.entries(expected)) {
      expect(relative(actual[name], value), name).toBe(0);
    }
  }
});

test("what only a body reads stays, and a body reads past what was dropped", async () => {
  const body = graphBuilder("body");
  body.output({ name: body.add("Mul", ["same", "w"], { outputs: ["z"] }), dtype: "float32" });
  const other = graphBuilder("other");
  other.output({ name: other.add("Neg", ["same"], { outputs: ["q"] }), dtype: "float32" });
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2] });
  const c = b.input({ name: "c", dtype: "bool", shape: [] });
  b.initializer("w", f32([3, 4]));
  b.add("Identity", [x], { outputs: ["same"] });
  const attributes = {
    then_branch: { kind: "graph" as const, value: body.build() },
    else_branch: { kind: "graph" as const, value: other.build() },
  };
  b.output({ name: b.add("If", [c], { attributes, outputs: ["y"] }), dtype: "float32" });
  const simple = simplify(b.build());
  expect(simple.nodes.map(({ op }) => op)).toEqual(["If"]);
  const on: Tensor = { dtype: "bool", shape: [], data: Uint8Array.of(1) };
  expect((await runGraph(simple, { x: f32([1, 2]), c: on }))["y"]).toEqual(f32([3, 8]));
});
