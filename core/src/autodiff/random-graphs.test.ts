// Graphs put together at random: values used by several nodes, cut, joined, repeated, not used at all.
import fc from "fast-check";
import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { runOnnx } from "../../../test/reference/onnxruntime.ts";
import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int, ints } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { seededRng } from "../platform/random.ts";
import { differentiate } from "./differentiate.ts";

/** Makes a `[N, 3]` value from two others. */
type Step = (b: GraphBuilder, x: string, y: string) => string;

const list = (b: GraphBuilder, ...values: number[]): string => b.constant(i64(values));

const steps: readonly Step[] = [
  (b, x) => b.add("Tanh", [x]),
  (b, x) => b.add("Sigmoid", [x]),
  (b, x) => b.add("Softmax", [x], { attributes: { axis: int(-1) } }),
  (b, x, y) => b.add("Add", [x, y]),
  (b, x, y) => b.add("Mul", [x, y]),
  (b, x, y) => b.add("Sub", [y, b.add("Erf", [x])]),
  (b, x) => b.add("MatMul", [x, "w"]),
  (b, x) => b.add("Gemm", [x, "w", "s"], { attributes: { transB: int(1) } }),
  (b, x) => b.add("LayerNormalization", [x, "s"]),
  (b, x, y) => b.add("Add", [x, b.add("ReduceMean", [y, list(b, 1)])]),
  (b, x, y) => {
    const wide = b.add("Concat", [x, y], { attributes: { axis: int(1) } });
    return b.add("Slice", [wide, list(b, 4), list(b, 1), list(b, 1), list(b, -1)]);
  },
  (b, x, y) => {
    const [one = "", two = ""] = b.addMany("Split", [x, list(b, 1, 2)], 2, {
      attributes: { axis: int(1) },
    });
    return b.add("Concat", [two, b.add("Mul", [one, b.add("ReduceMean", [y, list(b, 1)])])], {
      attributes: { axis: int(1) },
    });
  },
  (b, x) => b.add("Gather", [x, list(b, 2, 0, 2)], { attributes: { axis: int(1) } }),
  (b, x, y) => b.add("Where", [b.add("Less", [x, y]), x, b.add("Neg", [y])]),
  (b, x, y) => {
    const gram = b.add("MatMul", [
      b.add("Transpose", [x], { attributes: { perm: ints([1, 0]) } }),
      y,
    ]);
    return b.add("MatMul", [y, b.add("Tanh", [gram])]);
  },
];

type Plan = readonly (readonly [step: number, x: number, y: number])[];

function build(plan: Plan): Graph {
  const b = graphBuilder("random");
  b.input({ name: "x", dtype: "float32", shape: ["N", 3] });
  b.input({ name: "w", dtype: "float32", shape: [3, 3] });
  b.input({ name: "s", dtype: "float32", shape: [3] });
  const values = ["x"];
  for (const [step, x, y] of plan) {
    const pick = (at: number): string => values[at % values.length] ?? "x";
    values.push(steps[step]!(b, pick(x), pick(y)));
  }
  // The last two are outputs; what neither of them needs is there for nothing.
  for (const [i, value] of values.slice(-2).entries()) {
    b.add("Identity", [value], { outputs: [`y${i}`] });
    b.output({ name: `y${i}`, dtype: "float32", shape: ["N", 3] });
  }
  return b.build();
}

const random = (seed: number, shape: readonly number[]): Tensor => {
  const rng = seededRng(seed);
  const size = shape.reduce((a, b) => a * b, 1);
  return f32(
    Float32Array.from({ length: size }, () => rng() * 2 - 1),
    shape,
  );
};

const feeds: Tensors = { x: random(1, [4, 3]), w: random(2, [3, 3]), s: random(3, [3]) };
const ups: Tensors = { "y0.grad": random(4, [4, 3]), "y1.grad": random(5, [4, 3]) };

/** The sum of all outputs, each times what arrives there. */
function total(graph: Graph, moved: Tensors): number {
  const found = run(graph, moved);
  return graph.outputs.reduce((sum, { name }) => {
    const up = ups[`${name}.grad`]!.data;
    return (
      sum + (found[name]!.data as Float64Array).reduce((all, e, i) => all + e * Number(up[i]), 0)
    );
  }, 0);
}

function difference(graph: Graph, name: string, direction: Tensor): number {
  const at = (by: number): number => {
    const { shape, data } = feeds[name]!;
    const moved = Float64Array.from(
      data as Float32Array,
      (e, i) => e + by * Number(direction.data[i]),
    );
    return total(graph, { ...feeds, [name]: { dtype: "float64", shape, data: moved } });
  };
  return (at(1e-5) - at(-1e-5)) / 2e-5;
}

const step = fc.nat({ max: steps.length - 1 });
const plans = fc.array(fc.tuple(step, fc.nat({ max: 20 }), fc.nat({ max: 20 })), {
  minLength: 2,
  maxLength: 10,
});

test("the gradient of any of them is the central difference", () => {
  fc.assert(
    fc.property(plans, (plan) => {
      const graph = build(plan);
      const gradient = differentiate(graph);
      validate(gradient);
      const found = run(gradient, { ...feeds, ...ups });
      for (const [name, { shape }] of Object.entries(feeds)) {
        const direction = random(9, shape);
        const along = (found[`${name}.grad`]!.data as Float64Array).reduce(
          (sum, e, i) => sum + e * Number(direction.data[i]),
          0,
        );
        const expected = difference(graph, name, direction);
        expect(Math.abs(along - expected)).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
      }
    }),
    { numRuns: 80, seed: 11 },
  );
});

test("and is the same on a runtime", async () => {
  const few = fc.sample(plans, { numRuns: 8, seed: 12 });
  for (const plan of few) {
    const gradient = differentiate(build(plan));
    const expected = run(gradient, { ...feeds, ...ups });
    const used = new Set(gradient.inputs.map(({ name }) => name));
    const fed = Object.fromEntries(
      Object.entries({ ...feeds, ...ups }).filter(([name]) => used.has(name)),
    );
    const actual = await runOnnx(gradient, fed);
    for (const name of ["x.grad", "w.grad", "s.grad"]) {
      for (const [i, e] of (expected[name]!.data as Float64Array).entries()) {
        expect(Math.abs(Number(actual[name]!.data[i]) - e)).toBeLessThan(1e-3 * (1 + Math.abs(e)));
      }
    }
  }
});
