import { expect, test } from "vitest";
import { run } from "../../../../test/reference/interpreter.ts";
import { difference, engines, runGraph } from "../../../../test/run-graph.ts";
import { graphBuilder, int, ints } from "../../graph/builder.ts";
import { byteLengthOf } from "../../graph/dtypes.ts";
import type { Graph } from "../../graph/graph.ts";
import type { Tensor, Tensors } from "../../graph/tensor.ts";
import { f32, i64, scalar, sizeOf } from "../../graph/tensor.ts";
import { validate } from "../../graph/validate.ts";
import { gaussian, seededRng } from "../../platform/random.ts";
import { observe } from "../../quantize/observe.ts";
import { quantize } from "../../quantize/quantize.ts";
import { softmaxCrossEntropy } from "../losses/cross-entropy.ts";
import { sgd } from "../optimizers/sgd.ts";
import { trainingStep } from "../training-step.ts";
import { addAdapters, attachAdapters } from "./adapters.ts";

const rng = seededRng(5);
const noise = (shape: readonly number[], scale: number): Tensor =>
  f32(
    Float32Array.from({ length: sizeOf(shape) }, () => scale * gaussian(rng)),
    shape,
  );

/** A convolution, one of two groups, a product and a Gemm. */
function model(): Graph {
  const b = graphBuilder("model");
  const weight = (name: string, ...shape: number[]): string =>
    b.initializer(name, noise(shape, 0.3));
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 6, 20] });
  const first = b.add("Conv", [x, weight("conv", 8, 6, 3), weight("conv.bias", 8)], {
    attributes: { pads: ints([1, 1]), strides: ints([2]) },
  });
  const grouped = b.add("Conv", [b.add("Relu", [first]), weight("grouped", 8, 4, 3)], {
    attributes: { group: int(2) },
  });
  const flat = b.add("Flatten", [b.add("Relu", [grouped])]);
  const hidden = b.add("MatMul", [flat, weight("product", 64, 16)]);
  b.add("Gemm", [b.add("Relu", [hidden]), weight("head", 4, 16), weight("head.bias", 4)], {
    attributes: { transB: int(1) },
    outputs: ["logits"],
  });
  b.output({ name: "logits", dtype: "float32", shape: ["N", 4] });
  return b.build();
}

const float = model();
const int8 = quantize(
  float,
  Object.fromEntries(observe(float).observed.map((name) => [name, { min: -4, max: 4 }])),
);
const x = noise([12, 6, 20], 1);
const target = i64(Array.from({ length: 12 }, (_, i) => (i * 7) % 4));

test("an untrained adapter changes nothing, whichever runtime computes", async () => {
  for (const base of [float, int8]) {
    const { graph, adapters } = addAdapters(base, { rank: 2, seed: 1 });
    validate(graph);
    expect(adapters.size).toBe(8);
    for (const [, engine] of engines) {
      const [before, after] = [
        await runGraph(base, { x }, engine),
        await runGraph(graph, { x }, engine),
      ];
      // An int8 layer with an adapter is computed in float, so one step of rounding may differ.
      const allowed = base === float ? 1e-5 : (8 / 255) * 1.001;
      expect(difference(before["logits"], after["logits"])).toBeLessThan(allowed);
    }
  }
});

test.for(engines)("only adapters learn, and the loss falls, on %s", async ([, engine]) => {
  for (const base of [float, int8]) {
    const { graph, adapters } = addAdapters(base, { rank: 2, alpha: 4, seed: 1 });
    const step = trainingStep(graph, {
      loss: softmaxCrossEntropy(),
      optimizer: sgd({ momentum: 0.9 }),
      trainable: [...adapters.keys()],
    });
    const carried = step.carry.map(([, name]) => name);
    expect(carried.filter((name) => !name.includes(".adapter."))).toEqual([]);
    for (const [name, tensor] of base.initializers) {
      const kept = step.graph.initializers.get(name);
      if (kept) expect(kept, name).toBe(tensor);
    }
    let state: Tensors = Object.fromEntries(step.initial);
    const losses: number[] = [];
    for (let at = 0; at < 12; at += 1) {
      const out = await runGraph(
        step.graph,
        { ...state, x, target, learningRate: scalar(0.05) },
        engine,
      );
      losses.push(Number(out["loss"]?.data[0]));
      state = Object.fromEntries(step.carry.map(([from, to]) => [to, out[from] as Tensor]));
    }
    expect(losses.at(-1)).toBeLessThan(0.7 * (losses[0] ?? 0));
  }
});

// Hand computation: rank 8 beside 1024 inputs and outputs is 2 * 8 * 1024 floats; rank 2 is a quarter of that.
test("adapters of a large layer are at most 2 % of its bytes, float or int8", () => {
  const b = graphBuilder("large");
  const in_ = b.input({ name: "x", dtype: "float32", shape: ["N", 1024] });
  b.add("MatMul", [in_, b.initializer("w", f32(new Float32Array(2 ** 20), [1024, 1024]))], {
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1024] });
  const large = b.build();
  const bytes = (tensors: Iterable<Tensor>): number =>
    [...tensors].reduce((sum, { dtype, shape }) => sum + byteLengthOf(dtype, shape), 0);
  const eight = addAdapters(large, { rank: 8, seed: 0 });
  expect(bytes(eight.adapters.values()) / bytes(large.initializers.values())).toBe(16 / 1024);
  const ranges = Object.fromEntries(
    observe(large).observed.map((name) => [name, { min: -1, max: 1 }]),
  );
  const two = addAdapters(quantize(large, ranges), { rank: 2, seed: 0 });
  expect(bytes(two.adapters.values())).toBeLessThan(0.02 * 2 ** 20);
});

test("one seed gives one start, another seed another; the first factor is uniform, the second 0", () => {
  const start = (seed: number) => addAdapters(float, { rank: 2, seed }).adapters;
  expect(start(3)).toEqual(start(3));
  expect(start(3)).not.toEqual(start(4));
  const down = start(3).get("product.adapter.down")?.data ?? [];
  // Kaiming's bound: 64 inputs of one output.
  expect(Math.max(...down.map(Math.abs))).toBeLessThanOrEqual(1 / 8);
  expect(Math.max(...down.map(Math.abs))).toBeGreaterThan(0.9 / 8);
  expect(new Set(start(3).get("head.adapter.up")?.data)).toEqual(new Set([0]));
});

// Hand computation: (x · down) · up · 4 / 2 beside x · w.
test("what an adapter adds is multiplied by alpha over rank", () => {
  const b = graphBuilder("line");
  const in_ = b.input({ name: "x", dtype: "float32", shape: [1, 3] });
  b.add("MatMul", [in_, b.initializer("w", f32([1, 0, 2, 0, 0, 3], [3, 2]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [1, 2] });
  const adapters = new Map<string, Tensor>([
    ["w.adapter.down", f32([1, 1, 1], [3, 1])],
    ["w.adapter.up", f32([1, -1], [1, 2])],
  ]);
  const graph = attachAdapters(b.build(), adapters, 2);
  const out = run(graph, { x: f32([1, 2, 3], [1, 3]) })["y"]?.data ?? [];
  expect([...(out as Float64Array)]).toEqual([1 + 4 + 12, 9 - 12]);
});

test("layers are chosen by name, and one that is no larger than its adapter gets none", () => {
  const { adapters } = addAdapters(float, { rank: 4, seed: 0, layers: (name) => name !== "conv" });
  // The head is 4 × 16; its adapter of rank 4 would be 4 × 16 + 4 × 4.
  expect([...adapters.keys()]).toEqual(["product.adapter.down", "product.adapter.up"]);
});

test.for([
  [{ rank: 0 }, "ADAPTER_INVALID", "a rank must be a whole number of at least 1, not 0"],
  [{ rank: 1.5 }, "ADAPTER_INVALID", "not 1.5"],
  [{ rank: 2, alpha: 0 }, "ADAPTER_INVALID", "alpha must be above 0"],
  [{ rank: 1e6 }, "ADAPTER_INVALID", "ask for a lower rank"],
] as const)("%o is refused", ([options, code, message]) => {
  expect(() => addAdapters(float, { seed: 0, ...options })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(message) }),
  );
});

test.for([
  [{}, "there is no adapter among the tensors"],
  [{ "head.adapter.down": f32(new Float32Array(32), [2, 16]) }, '"head.adapter.down" is half'],
  [
    {
      "head.adapter.down": f32(new Float32Array(32), [2, 16]),
      "head.adapter.up": f32(new Float32Array(12), [4, 3]),
    },
    '"head.adapter.up" is float32 [4,3], and the layer needs float32 [4,2]',
  ],
] as const)("tensors that fit no layer are refused: %o", ([tensors, message]) => {
  expect(() => attachAdapters(float, new Map(Object.entries(tensors)))).toThrow(
    expect.objectContaining({
      code: "ADAPTER_MISMATCH",
      message: expect.stringContaining(message),
    }),
  );
});
