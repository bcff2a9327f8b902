import type { Dim, Graph } from "@edgeloop/core/graph";
import { f32, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { exampleBatches } from "./example-batches.ts";

function model(rows: Dim): Graph {
  const b = graphBuilder("m");
  b.output({
    name: b.add("Neg", [b.input({ name: "x", dtype: "float32", shape: [rows, 1] })]),
    dtype: "float32",
  });
  return b.build();
}
const examples = (size: number) => ({
  size,
  tensors: {
    x: f32(
      Float32Array.from({ length: size }, (_, i) => i),
      [size, 1],
    ),
    target: f32(new Float32Array(size), [size]),
  },
});

test("an open number of rows is cut into runs of 64, the last one shorter", () => {
  const { batches, rows } = exampleBatches(model("N"), examples(130));
  expect(batches.map(({ x }) => x?.shape)).toEqual([
    [64, 1],
    [64, 1],
    [2, 1],
  ]);
  expect([rows.length, Object.keys(batches[0] ?? {})]).toEqual([130, ["x"]]);
});

test("a fixed number of rows is kept, and what does not fill a run is left out", () => {
  const { batches, rows } = exampleBatches(model(4), examples(10));
  expect([batches.length, rows.length]).toEqual([2, 8]);
  expect(batches[1]?.["x"]?.data).toEqual(Float32Array.of(4, 5, 6, 7));
});

test("fewer examples are taken at even distances", () => {
  const { batches, rows } = exampleBatches(model(1), examples(100), 4);
  expect(rows).toEqual([0, 25, 50, 75]);
  expect(batches.map(({ x }) => x?.data[0])).toEqual([0, 25, 50, 75]);
});

test("too few for one run is refused", () => {
  expect(() => exampleBatches(model(4), examples(3))).toThrow(
    expect.objectContaining({
      code: "DATA_INVALID",
      message: "the model takes 4 examples a run, the data have 3",
    }),
  );
});

test("a single number comes from the first example of its run", () => {
  const b = graphBuilder("m");
  const inputs = [
    b.input({ name: "x", dtype: "float32", shape: ["N", 1] }),
    b.input({ name: "rate", dtype: "float32", shape: [] }),
  ];
  b.output({ name: b.add("Mul", inputs), dtype: "float32" });
  const { size, tensors } = examples(65);
  const rate = f32(new Float32Array(size).fill(7), [size]);
  const { batches } = exampleBatches(b.build(), { size, tensors: { ...tensors, rate } });
  expect(batches.map((feeds) => feeds["rate"])).toEqual([f32([7], []), f32([7], [])]);
});
