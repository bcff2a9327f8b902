import { expect, test } from "vitest";
import { runGraph } from "../../../test/run-graph.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32, scalar } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { floatEnds } from "./float-ends.ts";

const int8 = (value: number): Tensor => ({ dtype: "int8", shape: [], data: Int8Array.of(value) });

/** y = 2 x on integers: steps of 0.5 in, of 1 out, zero at 3 and at -1. */
function integers(): Graph {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "int8", shape: [3] });
  const [s, z] = [b.initializer("s", scalar(0.5)), b.initializer("z", int8(3))];
  const real = b.add("DequantizeLinear", [x, s, z]);
  const twice = b.add("Add", [real, real]);
  const [t, u] = [b.initializer("t", scalar(1)), b.initializer("u", int8(-1))];
  b.add("QuantizeLinear", [twice, t, u], { outputs: ["y"] });
  b.output({ name: "y", dtype: "int8", shape: [3] });
  return b.build();
}

test("floats go in and out, rounded as the integers were", async () => {
  const graph = floatEnds(integers());
  validate(graph);
  expect([graph.inputs[0], graph.outputs[0]]).toMatchObject([
    { name: "x", dtype: "float32" },
    { name: "y", dtype: "float32" },
  ]);
  const { y } = await runGraph(graph, { x: f32([0.6, -1, 200]) });
  // By hand: 0.6 is 0.5 in steps of 0.5; 200 saturates at (127 - 3) steps, which are 62, and twice that is 124.
  expect(y?.data).toEqual(Float32Array.of(1, -2, 124));
  const given: Tensor = { dtype: "int8", shape: [3], data: Int8Array.of(4, 1, 127) };
  const { y: before } = await runGraph(integers(), { x: given });
  expect(before?.data).toEqual(Int8Array.of(0, -3, 123));
});

test("float ends, and integers without a scale, stay", () => {
  const graph = floatEnds(integers());
  expect(floatEnds(graph)).toBe(graph);
  const b = graphBuilder("g");
  b.add("Cast", [b.input({ name: "x", dtype: "int8", shape: [1] })], {
    ...{ outputs: ["y"], attributes: { to: { kind: "int", value: 1 } } },
  });
  b.output({ name: "y", dtype: "float32", shape: [1] });
  expect(floatEnds(b.build()).inputs[0]?.dtype).toBe("int8");
});
