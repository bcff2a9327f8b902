import { expect, test } from "vitest";
import { run } from "../../../../../test/reference/interpreter.ts";
import { engines, runTflite } from "../../../../../test/tflite-oracle.ts";
import { graphBuilder, text } from "../../../graph/builder.ts";
import { f32, i64 } from "../../../graph/tensor.ts";
import { toTflite } from "../../to-tflite.ts";

const resize = (frame: string, mode: string, nearest: string, to: number) => {
  const b = graphBuilder("resize");
  b.input({ name: "x", dtype: "float32", shape: [1, 2, 4] });
  b.add("Resize", ["x", "", "", b.constant(i64([1, 2, to]))], {
    attributes: {
      coordinate_transformation_mode: text(frame),
      mode: text(mode),
      nearest_mode: text(nearest),
    },
    outputs: ["y"],
  });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
};

test.for<readonly [string, string, string, number]>([
  ["half_pixel", "nearest", "round_prefer_floor", 8],
  ["asymmetric", "nearest", "floor", 8],
  ["asymmetric", "nearest", "floor", 2],
  ["half_pixel", "linear", "floor", 8],
  ["half_pixel", "linear", "floor", 7],
  ["asymmetric", "linear", "floor", 6],
  ["align_corners", "linear", "floor", 7],
])("%s, %s, %s to %d is what the reference gives", async ([frame, mode, nearest, to]) => {
  const graph = resize(frame, mode, nearest, to);
  const feeds = { x: f32([1, 2, 4, 8, 16, 32, 64, 128], [1, 2, 4]) };
  const expected = [...(run(graph, feeds)["y"]?.data ?? [])].map(Number);
  for (const engine of engines) {
    const { y } = await runTflite(toTflite(graph), engine, feeds);
    const { data = [] } = y ?? {};
    expect(data).toHaveLength(expected.length);
    for (const [at, value] of expected.entries()) expect(data[at]).toBeCloseTo(value, 4);
  }
});

test("a sampling that .tflite does not have is refused", () => {
  expect(() => toTflite(resize("asymmetric", "nearest", "ceil", 7))).toThrow(
    expect.objectContaining({
      code: "TFLITE_UNSUPPORTED",
      message: expect.stringContaining("no sampling takes the same elements"),
    }),
  );
  expect(() => toTflite(resize("half_pixel", "cubic", "floor", 8))).toThrow("cubic");
});
