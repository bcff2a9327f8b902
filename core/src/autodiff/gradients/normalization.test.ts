import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { float, graphBuilder, int } from "../../graph/builder.ts";
import { normaliseOpset } from "../../graph/onnx-normalise.ts";
import { f32 } from "../../graph/tensor.ts";
import { normalization } from "./normalization.ts";

gradientContract(normalization);

test("a shift common to a normalized row changes nothing: its gradient sums to 0", async () => {
  const tensors = { x: f32([1, 4, 2, 8], [1, 4]), scale: f32([1, 2, 3, 4]) };
  const { graph, feeds } = caseOf("LayerNormalization", tensors);
  const { x } = await gradientsOf(graph, feeds, f32([1, -2, 0.5, 3], [1, 4]));
  expect(x!.reduce((a, b) => a + b, 0)).toBeCloseTo(0, 9);
});

// Hand computation: y = s x / sqrt(mean(x^2) + e), so dx = (s up - x sum(s up x) / (n r^2)) / r and ds = up x / r.
test("RMSNormalization of opset 23 is its definition, and has its gradient", async () => {
  const b = graphBuilder("rms");
  b.input({ name: "x", dtype: "float32", shape: ["N", 3] });
  b.input({ name: "scale", dtype: "float32", shape: [3] });
  b.add("RMSNormalization", ["x", "scale"], {
    outputs: ["y"],
    attributes: { axis: int(-1), epsilon: float(0.5) },
  });
  b.output({ name: "y", dtype: "float32", shape: ["N", 3] });
  const [x, scale, up] = [
    [1, 2, -2],
    [0.5, -1, 3],
    [2, 1, -1],
  ] as const;
  const length = Math.sqrt(9 / 3 + 0.5);
  const scaled = up.map((e, i) => e * scale[i]!);
  const along = scaled.reduce((sum, e, i) => sum + e * x[i]!, 0) / (3 * length ** 2);
  const found = await gradientsOf(
    normaliseOpset(b.build(), 23),
    { x: f32(x, [1, 3]), scale: f32(scale) },
    f32(up, [1, 3]),
  );
  for (const [i, e] of x.entries()) {
    expect(found["x"]![i]).toBeCloseTo((scaled[i]! - e * along) / length, 9);
    expect(found["scale"]![i]).toBeCloseTo((up[i]! * e) / length, 9);
  }
});
