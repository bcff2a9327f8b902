import { expect, test } from "vitest";
import {
  engines,
  exportAgrees,
  operatorsOf,
  runTflite,
} from "../../../../../test/tflite-oracle.ts";
import { graphBuilder, int, ints } from "../../../graph/builder.ts";
import { f32, i64 } from "../../../graph/tensor.ts";
import { toTflite } from "../../to-tflite.ts";

exportAgrees([
  ...["Identity", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Concat", "Split"],
  ...["Slice", "Gather", "Pad", "Pad reflect", "Expand", "DepthToSpace", "SpaceToDepth"],
]);

test("positions before 0 that come while running are counted from the end", async () => {
  const b = graphBuilder("lookup");
  b.input({ name: "at", dtype: "int32", shape: [3] });
  b.add("Gather", [b.constant(f32([10, 20, 30])), "at"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  const at = { dtype: "int32", shape: [3], data: Int32Array.of(-1, 0, -3) } as const;
  for (const engine of engines) {
    expect(await runTflite(toTflite(b.build()), engine, { at })).toEqual({ y: f32([30, 10, 10]) });
  }
});

test("what a graph of channels last moves before a convolution is not moved at all", () => {
  const b = graphBuilder("last");
  b.input({ name: "x", dtype: "float32", shape: [1, 4, 4, 3] });
  const first = b.add("Transpose", ["x"], { attributes: { perm: ints([0, 3, 1, 2]) } });
  const weight = b.constant(f32(new Float32Array(6).fill(1), [2, 3, 1, 1]));
  const y = b.add("Conv", [first, weight]);
  b.add("Transpose", [y], { attributes: { perm: ints([0, 2, 3, 1]) }, outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  expect(operatorsOf(toTflite(b.build()))).toEqual(["CONV_2D"]);
});

test("joining what convolutions made moves no channels", async () => {
  const b = graphBuilder("join");
  b.input({ name: "x", dtype: "float32", shape: [1, 2, 3, 3] });
  const weight = (value: number) => b.constant(f32([value, 0, 0, value], [2, 2, 1, 1]));
  const branches = [1, 2].map((value) => b.add("Conv", ["x", weight(value)]));
  const all = b.add("Concat", branches, { attributes: { axis: int(1) } });
  b.add("Slice", [all, b.constant(i64([1])), b.constant(i64([3])), b.constant(i64([1]))], {
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32" });
  const model = toTflite(b.build());
  expect(operatorsOf(model).filter((op) => op === "TRANSPOSE")).toHaveLength(2);
  const x = f32([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 16, 17, 18, 19], [1, 2, 3, 3]);
  // Channels of the joined value: x0, x1, 2·x0, 2·x1; the second and third are kept.
  const y = f32([...x.data.subarray(9), ...x.data.subarray(0, 9).map((v) => 2 * v)], [1, 2, 3, 3]);
  for (const engine of engines) expect(await runTflite(model, engine, { x })).toEqual({ y });
});
