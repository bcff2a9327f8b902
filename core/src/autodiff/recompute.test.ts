import { expect, test } from "vitest";
import { keywordCnn, residualCnn } from "../../../test/bench/engine-models.ts";
import { engines, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Graph } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { validate } from "../graph/validate.ts";
import { softmaxCrossEntropy } from "./losses/cross-entropy.ts";
import { sgd } from "./optimizers/sgd.ts";
import { recomputing } from "./recompute.ts";
import { trainingStep } from "./training-step.ts";

/** Products with dropout between them: masks are drawn again too. */
function dropping(): Graph {
  const b = graphBuilder("dropping");
  let at = b.input({ name: "x", dtype: "float32", shape: ["N", 3, 4, 4] });
  at = b.add("Flatten", [at]);
  const yes: Tensor = { dtype: "bool", shape: [], data: Uint8Array.of(1) };
  for (const layer of [0, 1, 2, 3]) {
    const data = Float32Array.from({ length: 48 * 48 }, (_, i) => 0.15 * Math.sin(i + layer));
    const sum = b.add("MatMul", [at, b.initializer(`w${layer}`, f32(data, [48, 48]))]);
    at = b.add("Dropout", [b.add("Relu", [sum]), b.constant(scalar(0.3)), b.constant(yes)]);
  }
  b.add("Identity", [at], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 48] });
  return b.build();
}

const models = { keywordCnn: keywordCnn(), residualCnn: residualCnn(), dropping: dropping() };

test.for(
  Object.keys(models).flatMap((name) =>
    engines.map(([backend, engine]) => [name as keyof typeof models, backend, engine] as const),
  ),
)("what is made again is what was made: %s on %s, to rounding", async ([name, , engine]) => {
  const model = models[name];
  const options = { loss: softmaxCrossEntropy(), optimizer: sgd(), trainable: () => true };
  const [kept, again] = [1, 4].map((segments) =>
    trainingStep(model, { ...options, recompute: recomputing(segments) }),
  );
  if (kept === undefined || again === undefined) throw new TypeError("there are two steps");
  validate(again.graph);
  expect(again.graph.nodes.length).toBeGreaterThan(kept.graph.nodes.length);
  const shape = (model.inputs[0]?.shape ?? []).map((dim) => (typeof dim === "number" ? dim : 3));
  const size = shape.reduce((a, b) => a * b, 1);
  const feeds: Tensors = {
    ...Object.fromEntries(kept.initial),
    [model.inputs[0]?.name ?? ""]: f32(
      Float32Array.from({ length: size }, (_, i) => Math.sin(i * i)),
      shape,
    ),
    target: i64([1, 0, 2]),
    learningRate: scalar(0.1),
    ...(name === "dropping" ? { seed: i64([3], []) } : {}),
  };
  const [one, two] = [
    await runGraph(kept.graph, feeds, engine),
    await runGraph(again.graph, feeds, engine),
  ];
  for (const [key, tensor] of Object.entries(one)) {
    // Fused kernels of the first pass may round otherwise than those of the second.
    const [a, b] = [tensor, two[key]].map((each) => Array.from(each?.data as Float32Array));
    const worst = Math.max(
      ...(a ?? []).map((value, i) => Math.abs(value - (b?.[i] ?? Number.NaN))),
    );
    expect(worst, key).toBeLessThan(1e-5);
  }
});

test("one part keeps everything", () => {
  const options = { loss: softmaxCrossEntropy(), optimizer: sgd(), trainable: () => true };
  const model = models.keywordCnn;
  expect(trainingStep(model, { ...options, recompute: recomputing(1) })).toEqual(
    trainingStep(model, options),
  );
});
