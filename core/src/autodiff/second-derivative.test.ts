// Gradients are plain operators, so what is differentiated can be differentiated again.
import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { runOnnx, runtimes } from "../../../test/reference/onnxruntime.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import { renameValues } from "../graph/rename.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { seededRng } from "../platform/random.ts";
import { differentiate } from "./differentiate.ts";

const rng = seededRng(5);
const random = (...shape: number[]): Tensor =>
  f32(
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng() * 2 - 1),
    shape,
  );

/** A network of two layers whose output is the mean of squares. */
function mlp(): Graph {
  const b = graphBuilder("mlp");
  b.input({ name: "x", dtype: "float32", shape: [4, 3] });
  const first = b.add("Gemm", [
    "x",
    b.initializer("w1", random(3, 5)),
    b.initializer("b1", random(5)),
  ]);
  const hidden = b.add("Tanh", [first]);
  const logits = b.add("Gemm", [hidden, b.initializer("w2", random(5, 2))]);
  const chances = b.add("Sigmoid", [logits]);
  b.add("ReduceSumSquare", [chances], { outputs: ["loss"], attributes: { keepdims: int(0) } });
  b.output({ name: "loss", dtype: "float32", shape: [] });
  return b.build();
}

/** The gradient of the loss by w1 as a graph of w1 and w2, its names out of the way of a second round. */
function slope(): Graph {
  const first = differentiate(mlp(), ["w1"]);
  const feed = (name: string, shape: number[]) => ({ name, dtype: "float32" as const, shape });
  const { initializers, inputs, outputs } = first;
  const open = {
    ...first,
    inputs: [...inputs, feed("w1", [3, 5]), feed("w2", [5, 2])],
    outputs: outputs.filter(({ name }) => name === "w1.grad"),
    initializers: new Map([...initializers].filter(([name]) => name !== "w1" && name !== "w2")),
  };
  return renameValues(open, (name) => name.replace(".grad", ".slope"));
}

const weights: Tensors = {
  x: random(4, 3),
  w1: random(3, 5),
  w2: random(5, 2),
  "loss.slope": f32([1], []),
};
const direction = random(3, 5);

const moved = (by: number, along: Tensor): Tensors => {
  const data = Float64Array.from(weights["w1"]!.data as Float32Array, (e, i) => {
    return e + by * Number(along.data[i]);
  });
  return { ...weights, w1: { dtype: "float64", shape: [3, 5], data } };
};

test("the gradient of a gradient is the central difference of the gradient", async () => {
  const graph = slope();
  const hessian = differentiate(graph, ["w1", "w2", "loss.slope"]);
  validate(hessian);
  const fed = { ...weights, "w1.slope.grad": direction };
  const found = run(hessian, fed);
  const h = 1e-5;
  const [above, below] = [h, -h].map((by) => run(graph, moved(by, direction))["w1.slope"]!.data);
  // The second derivative is symmetric: what the direction gives back is what it gives.
  for (const [i, product] of (found["w1.grad"]!.data as Float64Array).entries()) {
    const difference = (Number(above![i]) - Number(below![i])) / (2 * h);
    expect(Math.abs(product - difference)).toBeLessThan(1e-6 * (1 + Math.abs(difference)));
  }
  for (const key of runtimes.keys()) {
    const actual = await runOnnx(hessian, fed, key);
    for (const name of ["w1.grad", "w2.grad", "loss.slope.grad"]) {
      for (const [i, e] of (found[name]!.data as Float64Array).entries()) {
        expect(Math.abs(Number(actual[name]!.data[i]) - e)).toBeLessThan(1e-3 * (1 + Math.abs(e)));
      }
    }
  }
});

test("gradients that are in the way of a second round are named", () => {
  const first = differentiate(mlp(), ["w1"]);
  expect(() => differentiate(first, ["w1"])).toThrow(
    expect.objectContaining({ code: "GRAPH_NAME_TAKEN" }),
  );
});
