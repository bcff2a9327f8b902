import fc from "fast-check";
import { expect, test } from "vitest";
import { differentiate } from "../../core/src/autodiff/differentiate.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import type { Tensor, Tensors } from "../../core/src/graph/tensor.ts";
import { f32, sizeOf } from "../../core/src/graph/tensor.ts";
import { validate } from "../../core/src/graph/validate.ts";
import { seededRng } from "../../core/src/platform/random.ts";
import { drawFrom } from "./case.ts";
import { cases } from "./cases.ts";
import { run } from "./interpreter.ts";
import { runOnnx, runtimes } from "./onnxruntime.ts";

/** Sum of products of two tensors of one shape. */
export const inner = (a: Tensor, b: Tensor): number => {
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

type Prepared = {
  readonly graph: Graph;
  readonly step: Graph;
  readonly feeds: Tensors;
  readonly ups: Tensors;
  readonly outputs: readonly string[];
  readonly wrt: readonly string[];
};

/** Draws a case, random gradients that arrive, and the differentiated graph. */
function prepare(name: string, seed: number): Prepared {
  const { graph: whole, feeds } = cases[name]!(drawFrom(seed));
  const graph = { ...whole, outputs: whole.outputs.filter(({ dtype }) => dtype === "float32") };
  const outputs = graph.outputs.map((info) => info.name);
  const values = run(graph, feeds);
  const ups = Object.fromEntries(
    outputs.map((output, i) => [`${output}.grad`, random(seed + 1 + i, values[output]!.shape)]),
  );
  const wrt = Object.keys(feeds).filter((input) => feeds[input]!.dtype === "float32");
  return { graph, feeds, outputs, ups, wrt, step: differentiate(graph, wrt) };
}

const along = (p: Prepared, values: Tensors): number =>
  p.outputs.reduce((sum, output) => sum + inner(values[output]!, p.ups[`${output}.grad`]!), 0);

/** Central difference of `<up, f(x)>` along a direction. */
function difference(p: Prepared, input: string, direction: Tensor): number {
  const at = (by: number): number => {
    const feeds = { ...p.feeds, [input]: moved(p.feeds[input]!, direction, by) };
    return along(p, run(p.graph, feeds));
  };
  const h = 1e-5;
  return (at(h) - at(-h)) / (2 * h);
}

const near = (actual: number, expected: number, tolerance: number, what: string): void => {
  const error = Math.abs(actual - expected);
  expect(error, `${what}: ${actual} for ${expected}`).toBeLessThan(
    tolerance * (1 + Math.abs(expected)),
  );
};

// The seed is fixed: two elements closer than the step of a difference would swap a maximum once in some hundred runs.
const everySeed = (numRuns: number, check: (seed: number) => void): void =>
  fc.assert(fc.property(fc.nat({ max: 1e6 }), check), { numRuns, seed: 1 });

function testDifferences(names: readonly string[], numRuns: number): void {
  test.for(names)("%s: the gradient is the central difference in float64", (name) => {
    everySeed(numRuns, (seed) => {
      const p = prepare(name, seed);
      validate(p.step);
      const found = run(p.step, { ...p.feeds, ...p.ups });
      for (const [i, input] of p.wrt.entries()) {
        const gradient = found[`${input}.grad`]!;
        expect(gradient.shape).toEqual(p.feeds[input]!.shape);
        const direction = random(seed + 7 * i, gradient.shape);
        near(inner(gradient, direction), difference(p, input, direction), 1e-6, input);
      }
    });
  });
}

function testRuntimes(names: readonly string[], seeds: readonly number[]): void {
  const pairs = names.flatMap((name) => [...runtimes.keys()].map((key) => [name, key] as const));
  test.for(pairs)(
    "%s: the gradient graph runs on %s and agrees with float64",
    async ([name, key]) => {
      for (const seed of seeds) {
        const p = prepare(name, seed);
        const feeds: Tensors = { ...p.feeds, ...p.ups };
        const expected = run(p.step, feeds);
        const actual = await runOnnx(p.step, feeds, key);
        for (const input of p.wrt.map((each) => `${each}.grad`)) {
          expect(actual[input]!.shape, `${input} of seed ${seed}`).toEqual(expected[input]!.shape);
          for (const [i, e] of (expected[input]!.data as Float64Array).entries()) {
            near(Number(actual[input]!.data[i]), e, 1e-3, `${input}[${i}] of seed ${seed}`);
          }
        }
      }
    },
  );
}

/**
 * Tests rows of the gradient table on random cases: against central differences of the float64 reference, on every
 * ONNX runtime against the reference, and those of linear operators by the adjoint identity.
 */
export function gradientContract(table: Readonly<Record<string, unknown>>): void {
  const names = Object.keys(cases).filter((name) => Object.hasOwn(table, name.split(" ")[0]!));
  gradientOfCases(names);
  testAdjoint(names.filter(isLinear));
}

/** Tests gradients of cases by name, as `gradientContract` does; large graphs with fewer of each. */
export function gradientOfCases(
  names: readonly string[],
  { runs = 25, seeds = [1, 2, 3, 4] }: { readonly runs?: number; readonly seeds?: number[] } = {},
): void {
  testDifferences(names, runs);
  testRuntimes(names, seeds);
}

/** Of a convolution and of a normalization the bias counts too: together with the input it is linear. */
const sums: readonly string[] = ["a", "b", "c"];
const linearInputs: Readonly<Record<string, readonly string[]>> = {
  ...Object.fromEntries(["Add", "Sub", "Sum", "Mean", "Where", "Concat"].map((op) => [op, sums])),
  ...Object.fromEntries(["Mul", "Div", "MatMul"].map((op) => [op, ["a"]])),
  ...Object.fromEntries(["Conv", "ConvTranspose"].map((op) => [op, ["x", "b"]])),
  ...Object.fromEntries(
    ["LayerNormalization", "InstanceNormalization", "GroupNormalization"].map((op) => [
      op,
      ["scale", "bias"],
    ]),
  ),
  ...Object.fromEntries(["ScatterElements", "ScatterND"].map((op) => [op, ["x", "updates"]])),
  ...Object.fromEntries(
    ["Neg", "Identity", "Cast", "AveragePool", "GlobalAveragePool", "ReduceSum", "ReduceMean"]
      .concat(["Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Split", "Slice"])
      .concat(["Gather", "GatherElements", "GatherND", "Expand", "Tile", "DepthToSpace"])
      .concat(["SpaceToDepth", "CumSum", "Trilu", "Resize"])
      .map((op) => [op, ["x"]]),
  ),
  Gemm: ["a", "c"],
  BatchNormalization: ["x", "mean", "bias"],
  Pad: ["x", "value"],
  Einsum: ["x0"],
};

/** Cases of linear operators that are not linear: they add a constant, or have another output that is curved. */
const curved: ReadonlySet<string> = new Set([
  ...["Pad", "Resize cropped", "BatchNormalization training", "LayerNormalization statistics"],
]);

const isLinear = (name: string): boolean =>
  Object.hasOwn(linearInputs, name.split(" ")[0]!) && !curved.has(name);

/** Tests a linear operator by `<up, f(x)> = <gradient, x>`, which needs no small step. */
function testAdjoint(names: readonly string[]): void {
  test.for(names)("%s: <up, f(x)> = <gradient, x>", (name) => {
    everySeed(15, (seed) => {
      const p = prepare(name, seed);
      const found = run(p.step, { ...p.feeds, ...p.ups });
      const linear = linearInputs[name.split(" ")[0]!]!;
      const back = p.wrt
        .filter((input) => linear.includes(input))
        .reduce((sum, input) => sum + inner(found[`${input}.grad`]!, p.feeds[input]!), 0);
      // Shares and epsilons are float32 constants of the graph.
      const tolerance = /^Resize|Normalization/.test(name) ? 1e-6 : 1e-9;
      near(back, along(p, run(p.graph, p.feeds)), tolerance, name);
    });
  });
}

/** Gradients of a graph's first output, computed by the reference and checked on every runtime. */
export async function gradientsOf(
  graph: Graph,
  feeds: Tensors,
  up: Tensor,
): Promise<Record<string, number[]>> {
  const outputs = graph.outputs.slice(0, 1);
  const step = differentiate({ ...graph, outputs });
  const fed = { ...feeds, [`${outputs[0]!.name}.grad`]: up };
  const expected = run(step, fed);
  const names = step.outputs.map((info) => info.name).filter((name) => name.endsWith(".grad"));
  for (const key of runtimes.keys()) {
    const actual = await runOnnx(step, fed, key);
    for (const name of names) {
      expect(actual[name]!.shape, `${name} on ${key}`).toEqual(expected[name]!.shape);
      for (const [i, e] of (expected[name]!.data as Float64Array).entries()) {
        const a = Number(actual[name]!.data[i]);
        if (a !== e) near(a, e, 1e-4, `${name}[${i}] on ${key}`);
      }
    }
  }
  return Object.fromEntries(
    names.map((name) => [
      name.slice(0, -5),
      [...(expected[name]!.data as Float64Array)].map((e) => e + 0),
    ]),
  );
}
