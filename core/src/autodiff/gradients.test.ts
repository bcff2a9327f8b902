import fc from "fast-check";
import { expect, test } from "vitest";
import type { Case } from "../../../test/reference/cases.ts";
import { cases, drawFrom } from "../../../test/reference/cases.ts";
import { run } from "../../../test/reference/interpreter.ts";
import { runOnnx, runtimes } from "../../../test/reference/onnxruntime.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, sizeOf } from "../graph/tensor.ts";
import { seededRng } from "../platform/random.ts";
import { differentiate } from "./differentiate.ts";
import { gradients } from "./gradients.ts";

const ofFloats = ({ dtype }: Tensor): boolean => dtype.startsWith("float");
const inner = (a: Tensor, b: Tensor): number => {
  const other = b.data as Float64Array;
  return (a.data as Float64Array).reduce((sum, e, i) => sum + e * other[i]!, 0);
};
const random = (seed: number, shape: readonly number[]): Tensor => {
  const rng = seededRng(seed);
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, () => rng() * 2 - 1),
    shape,
  );
};
const moved = (x: Tensor, direction: Tensor, by: number): Tensor => ({
  dtype: "float64",
  shape: x.shape,
  data: Float64Array.from(x.data as Float32Array, (e, i) => e + by * Number(direction.data[i])),
});

/** Outputs that carry a gradient: the first, and all of Split's. */
const carrying = ({ graph }: Case): string[] =>
  graph.outputs.map(({ name }) => name).filter((_, i) => i === 0 || graph.nodes[0]!.op === "Split");

function prepare(name: string, seed: number) {
  const made = cases[name]!(drawFrom(seed));
  const outputs = carrying(made);
  const graph = {
    ...made.graph,
    outputs: made.graph.outputs.filter((o) => outputs.includes(o.name)),
  };
  const values = run(graph, made.feeds);
  const ups = Object.fromEntries(
    outputs.map((output, i) => [`${output}.grad`, random(seed + 1 + i, values[output]!.shape)]),
  );
  const wrt = Object.entries(made.feeds)
    .filter(([, tensor]) => ofFloats(tensor))
    .map(([input]) => input);
  return { graph, feeds: made.feeds, outputs, ups, wrt, step: differentiate(graph, wrt) };
}

/** Central difference of `<up, f(x)>` along a direction. */
function difference(
  p: ReturnType<typeof prepare>,
  input: string,
  direction: Tensor,
  h: number,
): number {
  const at = (by: number): number => {
    const feeds = { ...p.feeds, [input]: moved(p.feeds[input]!, direction, by) };
    const values = run(p.graph, feeds);
    return p.outputs.reduce(
      (sum, output) => sum + inner(values[output]!, p.ups[`${output}.grad`]!),
      0,
    );
  };
  return (at(h) - at(-h)) / (2 * h);
}

const names = Object.keys(cases);

test("every row of the gradient table has random cases, or its own test", () => {
  const covered = new Set(names.map((name) => name.split(" ")[0]));
  expect(Object.keys(gradients).filter((op) => !covered.has(op))).toEqual([
    "QuantizeLinear",
    "DequantizeLinear",
  ]);
});

test.for(names)("%s: the gradient is the central difference in float64", (name) => {
  fc.assert(
    fc.property(fc.nat({ max: 1e6 }), (seed) => {
      const p = prepare(name, seed);
      const found = run(p.step, { ...p.feeds, ...p.ups });
      for (const [i, input] of p.wrt.entries()) {
        const gradient = found[`${input}.grad`]!;
        expect(gradient.shape).toEqual(p.feeds[input]!.shape);
        const direction = random(seed + 7 * i, gradient.shape);
        const expected = difference(p, input, direction, 1e-5);
        const actual = inner(gradient, direction);
        expect(Math.abs(actual - expected), `${input}: ${actual} for ${expected}`).toBeLessThan(
          1e-6 * (1 + Math.abs(expected)),
        );
      }
    }),
    { numRuns: 25 },
  );
});

const linearOps = [
  "Conv",
  "ConvTranspose",
  "AveragePool",
  "GlobalAveragePool",
  "MatMul",
  "ReduceSum",
  "ReduceMean",
  "Reshape",
  "Transpose",
  "Slice",
  "Gather",
  "Concat",
  "Split",
  "Expand",
  "Squeeze",
  "Unsqueeze",
  "Flatten",
  "Neg",
  "Identity",
];

test.for(linearOps)("%s: <up, f(x)> = <gradient, x>", (name) => {
  fc.assert(
    fc.property(fc.nat({ max: 1e6 }), (seed) => {
      const p = prepare(name, seed);
      if (p.feeds["b"] !== undefined && name.startsWith("Conv")) return; // affine, not linear
      const values = run(p.graph, p.feeds);
      const found = run(p.step, { ...p.feeds, ...p.ups });
      const forward = p.outputs.reduce(
        (sum, output) => sum + inner(values[output]!, p.ups[`${output}.grad`]!),
        0,
      );
      const backwards = (name === "Concat" ? p.wrt : p.wrt.slice(0, 1)).reduce(
        (sum, input) => sum + inner(found[`${input}.grad`]!, p.feeds[input]!),
        0,
      );
      expect(Math.abs(forward - backwards)).toBeLessThan(1e-9 * (1 + Math.abs(forward)));
    }),
    { numRuns: 15 },
  );
});

const seeds = [1, 2, 3, 4, 5, 6];

test.for(names.flatMap((name) => [...runtimes.keys()].map((backend) => [name, backend] as const)))(
  "%s: the gradient graph runs on onnxruntime (%s) and agrees with float64",
  async ([name, backend]) => {
    for (const seed of seeds) {
      const p = prepare(name, seed);
      const feeds: Tensors = { ...p.feeds, ...p.ups };
      const expected = run(p.step, feeds);
      const actual = await runOnnx(p.step, feeds, backend);
      for (const input of p.wrt.map((each) => `${each}.grad`)) {
        expect(actual[input]!.shape, `${input} of seed ${seed}`).toEqual(expected[input]!.shape);
        for (const [i, e] of (expected[input]!.data as Float64Array).entries()) {
          const a = Number(actual[input]!.data[i]);
          expect(Math.abs(a - e), `${input}[${i}] of seed ${seed}: ${a} for ${e}`).toBeLessThan(
            1e-3 * (1 + Math.abs(e)),
          );
        }
      }
    }
  },
);
