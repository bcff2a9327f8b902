import { expect, test } from "vitest";
import {
  engines,
  exportAgrees,
  operatorsOf,
  runTflite,
} from "../../../../../test/tflite-oracle.ts";
import { graphBuilder, int, ints } from "../../../graph/builder.ts";
import { f32 } from "../../../graph/tensor.ts";
import { toTflite } from "../../to-tflite.ts";

exportAgrees(["Conv", "Conv auto_pad", "Conv depthwise", "Conv wide"], 6);

test("a transposed convolution with padding and more output is cut and prolonged as in the graph", async () => {
  const b = graphBuilder("up");
  b.input({ name: "x", dtype: "float32", shape: [1, 1, 3] });
  b.add("ConvTranspose", ["x", b.constant(f32([1, 2, 3], [1, 1, 3])), b.constant(f32([0.5]))], {
    attributes: { strides: ints([2]), pads: ints([1, 1]), output_padding: ints([1]) },
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32" });
  for (const engine of engines) {
    const { y } = await runTflite(toTflite(b.build()), engine, { x: f32([1, 10, 100], [1, 1, 3]) });
    // Full: 1 2 13 20 130 200 300; without the first, to six elements; plus a half.
    expect(y).toEqual(f32([2.5, 13.5, 20.5, 130.5, 200.5, 300.5], [1, 1, 6]));
  }
});

test("channels that come with their padding: SAME is the operator's own, anything else is padded before", () => {
  const operators = (pads: readonly number[], stride: number): readonly string[] => {
    const b = graphBuilder("pads");
    b.input({ name: "x", dtype: "float32", shape: [1, 1, 8, 8] });
    b.add("Conv", ["x", b.constant(f32(new Float32Array(9), [1, 1, 3, 3]))], {
      attributes: { pads: ints(pads), strides: ints([stride, stride]), group: int(1) },
      outputs: ["y"],
    });
    b.output({ name: "y", dtype: "float32" });
    return operatorsOf(toTflite(b.build())).filter((op) => op !== "RESHAPE");
  };
  expect(operators([1, 1, 1, 1], 1)).toEqual(["CONV_2D"]);
  expect(operators([0, 0, 1, 1], 2)).toEqual(["CONV_2D"]);
  expect(operators([0, 0, 0, 0], 1)).toEqual(["CONV_2D"]);
  expect(operators([1, 1, 1, 1], 2)).toEqual(["PAD", "CONV_2D"]);
});
