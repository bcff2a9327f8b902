import { expect, test } from "vitest";
import { gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { graphBuilder, int } from "../../graph/builder.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";

function fake(shape: readonly number[], scale: Tensor, zero: Tensor, scaleBack: Tensor = scale) {
  const b = graphBuilder("fake");
  b.input({ name: "x", dtype: "float32", shape });
  const [s, t, z] = [b.constant(scale), b.constant(scaleBack), b.constant(zero)];
  const axis = { attributes: { axis: int(0) } };
  b.add("DequantizeLinear", [b.add("QuantizeLinear", ["x", s, z], axis), t, z], {
    ...axis,
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}

const int8 = (values: readonly number[], shape: readonly number[]): Tensor => ({
  dtype: "int8",
  shape,
  data: Int8Array.from(values),
});

// Hand computation: scale 0.5 and zero point 10 represent [-69, 58.5].
test("the gradient goes straight through rounding and stops where the value saturates", async () => {
  const graph = fake([4], f32([0.5], []), int8([10], []));
  const found = await gradientsOf(graph, { x: f32([-70, 0.2, 58.4, 59]) }, f32([1, 2, 3, 4]));
  expect(found["x"]).toEqual([0, 2, 3, 0]);
});

test("every slice along the axis has its own scale", async () => {
  const graph = fake([2, 2], f32([1, 0.01]), int8([0, 0], [2]));
  const found = await gradientsOf(
    graph,
    { x: f32([1, 2, 1, 2], [2, 2]) },
    f32([1, 2, 3, 4], [2, 2]),
  );
  expect(found["x"]).toEqual([1, 2, 3, 0]);
});

test("different scales there and back stretch the gradient", async () => {
  const graph = fake([1], f32([0.5], []), int8([0], []), f32([1], []));
  expect((await gradientsOf(graph, { x: f32([3]) }, f32([1])))["x"]).toEqual([2]);
});

test("the gradient of a scale is refused", () => {
  const graph = fake([1], f32([0.5], []), int8([0], []));
  const scale = graph.nodes[0]!.inputs[1]!;
  expect(() => differentiate(graph, [scale])).toThrow(
    expect.objectContaining({ code: "GRADIENT_UNSUPPORTED" }),
  );
});

// Hand computation: at scale 1 and zero point 0 the limits are the type's own; halves beyond them still round inside.
test.for([
  ["uint8", Uint8Array.of(0), [-1, -0.25, 0.5, 255.25, 256], [0, 1, 1, 1, 0]],
  ["int16", Int16Array.of(0), [-32769, -32768, 0, 32767, 32768], [0, 1, 1, 1, 0]],
  ["uint16", Uint16Array.of(0), [-1, 0, 7, 65535, 65537], [0, 1, 1, 1, 0]],
] as const)("the gradient stops at the limits of %s", async ([dtype, data, x, expected]) => {
  const graph = fake([5], f32([1], []), { dtype, shape: [], data } as Tensor);
  const found = await gradientsOf(graph, { x: f32(x) }, f32([1, 1, 1, 1, 1]));
  expect(found["x"]).toEqual(expected);
});
