import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { run } from "../../../../test/reference/interpreter.ts";
import { runOnnx, runtimes } from "../../../../test/reference/onnxruntime.ts";
import { float, int } from "../../graph/builder.ts";
import type { Tensor } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";

/** Two examples of one channel, 1 and 5: mean 3, population variance 4. */
function running(outputs: readonly number[]) {
  const vector = f32([1]);
  const { graph, feeds } = caseOf(
    "BatchNormalization",
    { x: f32([1, 5], [2, 1]), scale: vector, bias: vector, mean: vector, var: vector },
    { attributes: { training_mode: int(1), momentum: float(0.5) }, outputs: 3 },
  );
  const kept = outputs.map((i) => graph.outputs[i]!);
  return { graph: differentiate({ ...graph, outputs: kept }), feeds };
}

// Hand computation: 0.5 / 2 each through the mean; 0.5 * 2 (x - 3) / 2 through the variance; 0.5 of the old ones.
test.for([
  [[1], { "y1.grad": f32([8]) }, { x: [2, 2], mean: [4], var: [0], scale: [0] }],
  [[2], { "y2.grad": f32([8]) }, { x: [-8, 8], mean: [0], var: [4], bias: [0] }],
  [[1, 2], { "y1.grad": f32([8]), "y2.grad": f32([4]) }, { x: [-2, 6], mean: [4], var: [2] }],
] as const)("running outputs %j have gradients of their own", async ([outputs, ups, expected]) => {
  const { graph, feeds } = running(outputs);
  const fed: Record<string, Tensor> = { ...feeds, ...ups };
  const results = [run(graph, fed)];
  for (const key of runtimes.keys()) results.push(await runOnnx(graph, fed, key));
  for (const found of results) {
    for (const [name, gradient] of Object.entries(expected)) {
      const actual = Array.from(found[`${name}.grad`]!.data, Number).map((e) => e + 0);
      expect(actual, name).toEqual(gradient);
    }
  }
});
