import { expect, test } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import type { TfliteTensor } from "../model.ts";
import type { Importing } from "./values.ts";
import {
  constantValue,
  dimsOf,
  isQuantized,
  nameOf,
  realOf,
  shareScales,
  tensorAt,
} from "./values.ts";

const tensor: TfliteTensor = {
  name: "w",
  type: "int8",
  shape: [2, 1, 1, 3],
  data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  quantization: { scales: [0.5, 0.25, 1], zeroPoints: [0, 0, 0], axis: 3 },
  isVariable: false,
};
const importing = (...tensors: readonly TfliteTensor[]): Importing => ({
  builder: graphBuilder("g"),
  subgraph: { name: "", tensors, inputs: [], outputs: [], operators: [] },
  names: new Map(),
});

test("a constant's scales follow the axis that they run along", () => {
  const state = importing(tensor);
  constantValue(state, 0, [3, 0, 1, 2]);
  const graph = state.builder.build();
  expect(graph.initializers.get("w")).toEqual({
    dtype: "int8",
    shape: [3, 2, 1, 1],
    data: Int8Array.of(1, 4, 2, 5, 3, 6),
  });
  expect(graph.nodes[0]?.attributes["axis"]).toEqual({ kind: "int", value: 0 });
});

test("a constant is added once for each order of axes", () => {
  const state = importing(tensor);
  expect(realOf(state, 0, "last")).toBe(realOf(state, 0, "last"));
  expect(realOf(state, 0, "first")).not.toBe(realOf(state, 0, "last"));
  expect(state.builder.build().nodes).toHaveLength(2);
});

test("a short constant is as broadcasting has it, channels first", () => {
  const { quantization: _, ...plain } = tensor;
  const state = importing({ ...plain, shape: [6] });
  realOf(state, 0, "first");
  expect(state.builder.build().initializers.get("w")?.shape).toEqual([1, 6, 1, 1]);
});

test("what nothing computes has no value", () => {
  const { data: _, ...computed } = tensor;
  expect(realOf(importing(computed), 0, "last")).toBeUndefined();
});

test("names, open sizes and scales of tensors", () => {
  const { quantization: _, ...plain } = tensor;
  expect([nameOf(tensor, 4), nameOf({ ...tensor, name: "" }, 4)]).toEqual(["w", "tensor_4"]);
  expect(dimsOf({ ...tensor, shapeSignature: [-1, 1, -1, 3] })).toEqual(["N", 1, "w_2", 3]);
  expect([
    isQuantized(tensor),
    isQuantized(plain),
    isQuantized({ ...tensor, type: "int32" }),
  ]).toEqual([true, false, false]);
  expect([shareScales([tensor, { ...tensor, name: "v" }]), shareScales([tensor, plain])]).toEqual([
    true,
    false,
  ]);
  expect(() => tensorAt(importing().subgraph, 0)).toThrow("there is no such tensor");
});
