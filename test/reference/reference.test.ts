import { expect, test } from "vitest";
import { f32, i64 } from "../../core/src/graph/tensor.ts";
import { caseOf, drawFrom } from "./case.ts";
import { cases } from "./cases.ts";
import { erf } from "./elementwise.ts";
import { run } from "./interpreter.ts";
import { runOnnx } from "./onnxruntime.ts";
import { withoutKernel } from "./recurrence-cases.ts";

const seeds = Array.from({ length: 12 }, (_, seed) => seed);

const names = Object.keys(cases).filter((name) => !withoutKernel.includes(name));

test.for(names)("%s agrees with onnxruntime on random cases", async (name) => {
  for (const seed of seeds) {
    const { graph, feeds } = cases[name]!(drawFrom(seed));
    const expected = await runOnnx(graph, feeds);
    const actual = run(graph, feeds);
    for (const [output, { shape, data }] of Object.entries(expected)) {
      expect(actual[output]!.shape, `${name} ${seed}`).toEqual(shape);
      for (const [i, e] of Array.from(data, Number).entries()) {
        const a = Number(actual[output]!.data[i]);
        expect(Math.abs(a - e), `${name} seed ${seed} ${output}[${i}]`).toBeLessThan(
          2e-4 * (1 + Math.abs(e)),
        );
      }
    }
  }
});

// Values from Abramowitz & Stegun, table 7.1.
test("the error function has its tabulated values", () => {
  expect(erf(0.5)).toBeCloseTo(0.5204998778, 10);
  expect(erf(-2)).toBeCloseTo(-0.995322265, 10);
  expect(erf(7)).toBe(1);
});

// Hand computation: 2.5 and -0.5 lie halfway; ONNX QuantizeLinear rounds halves to even and saturates.
test("quantization rounds halves to even and saturates", () => {
  const zero = { dtype: "int8" as const, shape: [], data: Int8Array.of(1) };
  const { graph, feeds } = caseOf("QuantizeLinear", {
    x: f32([5, -1, 999, -999]),
    s: f32([2], []),
    zero,
  });
  expect(run(graph, feeds)["y"]!.data).toEqual(Int8Array.of(3, 1, 127, -128));
});

test("computation is in float64", () => {
  const { graph, feeds } = caseOf("Add", { a: f32([1]), b: f32([1e-9]) });
  expect(run(graph, feeds)["y"]!.data[0]).toBeGreaterThan(1);
});

// ONNX specification, ScatterND example 1.
test("a later duplicate index adds when the reduction is add", () => {
  const { graph, feeds } = caseOf(
    "ScatterND",
    { x: f32([0, 0]), indices: i64([1, 1], [2, 1]), updates: f32([2, 3]) },
    { attributes: { reduction: { kind: "string", value: "add" } } },
  );
  expect([...(run(graph, feeds)["y"]!.data as Float64Array)]).toEqual([0, 5]);
});
