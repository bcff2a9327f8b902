import { expect, test } from "vitest";
import { gradientsOf } from "../../../test/reference/gradient-suite.ts";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder, int } from "../graph/builder.ts";
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

test("a name asked for twice counts once, and a value between has a gradient too", () => {
  const b = graphBuilder("chain");
  b.input({ name: "x", dtype: "float32", shape: [1] });
  b.add("Sqrt", ["x"], { outputs: ["h"] });
  b.add("Mul", ["h", "h"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [1] });
  const step = differentiate(b.build(), ["h", "x", "h"]);
  expect(step.outputs.map(({ name }) => name)).toEqual(["y", "h.grad", "x.grad"]);
  const found = run(step, { x: f32([9]), "y.grad": f32([1]) });
  // Hand computation: h = 3, so dy/dh = 6 and dy/dx = 1.
  expect([found["h.grad"]!.data[0], found["x.grad"]!.data[0]]).toEqual([6, 1]);
});

test("what no gradient can be asked of is refused by name", () => {
  const b = graphBuilder(quadratic());
  b.input({ name: "i", dtype: "int64", shape: [2] });
  b.input({ name: "half", dtype: "float16", shape: [2] });
  for (const [name, reason] of [
    ["q", "it is no value of the graph"],
    ["i", "it is int64, not float32 or float64"],
    ["half", "it is float16, not float32 or float64"],
    ["y", "it is an output of the graph: its gradient is given, not found"],
  ] as const) {
    expect(() => differentiate(b.build(), ["x", name])).toThrow(
      expect.objectContaining({
        code: "VALUE_UNKNOWN",
        message: `no gradient of ${name}: ${reason}`,
      }),
    );
  }
});

test("what comes through integers, comparisons and casts to integers has gradient 0", async () => {
  const b = graphBuilder("steps");
  b.input({ name: "x", dtype: "float32", shape: ["N"] });
  b.input({ name: "w", dtype: "float32", shape: [1] });
  const whole = b.add("Cast", [b.add("Cast", ["x"], { attributes: { to: int(7) } })], {
    attributes: { to: int(1) },
  });
  const mask = b.add("Cast", [b.add("Less", ["x", "w"])], { attributes: { to: int(1) } });
  b.add("Add", [b.add("Add", [whole, mask]), "w"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N"] });
  const found = await gradientsOf(b.build(), { x: f32([1.5, -2]), w: f32([1]) }, f32([3, 5]));
  expect(found).toEqual({ x: [0, 0], w: [8] });
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
