import { expect, test } from "vitest";
import { gradientsOf } from "../../../test/reference/gradient-suite.ts";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { differentiate } from "./differentiate.ts";

/** y = x * x + w * x */
function quadratic() {
  const b = graphBuilder("quadratic");
  b.input({ name: "x", dtype: "float32", shape: ["N"] });
  b.initializer("w", f32([3]));
  b.add("Add", [b.add("Mul", ["x", "x"]), b.add("Mul", ["w", "x"])], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N"] });
  return b.build();
}

// Hand computation: dy/dx = 2 x + w.
test("a value that is used several times gets the sum of its gradients", async () => {
  expect(await gradientsOf(quadratic(), { x: f32([1, -2]) }, f32([1, 10]))).toEqual({
    x: [5, -10],
  });
});

test("gradients of initialisers are found too, summed over what they were broadcast to", () => {
  const step = differentiate(quadratic(), ["w"]);
  const found = run(step, { x: f32([1, -2]), "y.grad": f32([1, 10]) })["w.grad"]!;
  expect(found).toEqual({ dtype: "float64", shape: [1], data: Float64Array.of(-19) });
});

test("the result is a valid graph whose forward part is the given one", () => {
  const graph = quadratic();
  const step = differentiate(graph);
  validate(step);
  expect(step.nodes.slice(0, graph.nodes.length)).toEqual(graph.nodes);
  expect(step.inputs.at(-1)).toEqual({ name: "y.grad", dtype: "float32", shape: ["N"] });
});

test("a value that influences no output has gradient 0", async () => {
  const b = graphBuilder(quadratic());
  b.input({ name: "z", dtype: "float32", shape: [2] });
  const found = await gradientsOf(b.build(), { x: f32([1]), z: f32([5, Number.NaN]) }, f32([1]));
  expect(found["z"]).toEqual([0, 0]);
});

test("float64 graphs are differentiated in float64", () => {
  const b = graphBuilder("double");
  b.input({ name: "x", dtype: "float64", shape: [1] });
  b.add("Sqrt", ["x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float64", shape: [1] });
  const step = differentiate(b.build());
  expect([...step.initializers.values()].map((tensor) => tensor.dtype)).toEqual(["float64"]);
  validate(step);
});

test("what is no float value is refused", () => {
  expect(() => differentiate(quadratic(), ["q"])).toThrow(
    expect.objectContaining({ code: "VALUE_UNKNOWN" }),
  );
});

test("an operator without a row is refused by name, unless no gradient passes it", () => {
  const b = graphBuilder("cumulative");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.add("Ceil", ["x"], { outputs: ["y"], name: "up" });
  b.output({ name: "y", dtype: "float32", shape: [2] });
  expect(() => differentiate(b.build())).toThrow(
    expect.objectContaining({
      code: "GRADIENT_UNSUPPORTED",
      details: expect.objectContaining({ node: "up", op: "Ceil" }),
    }),
  );
  expect(differentiate(b.build(), []).outputs.length).toBe(1);
});
