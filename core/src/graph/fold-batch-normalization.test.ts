import { expect, test } from "vitest";
import type { Attributes } from "./builder.ts";
import { float, graphBuilder, int } from "./builder.ts";
import { foldBatchNormalization } from "./fold-batch-normalization.ts";
import type { Graph } from "./graph.ts";
import { f32 } from "./tensor.ts";

type Options = {
  readonly op?: string;
  readonly attributes?: Attributes;
  readonly training?: boolean;
  readonly readTwice?: boolean;
};

function normalized({ op = "Conv", attributes = {}, training, readTwice }: Options): Graph {
  const b = graphBuilder("g");
  const shape = op === "Conv" ? [1, 1, 4] : [1, 2];
  const x = b.input({ name: "x", dtype: "float32", shape });
  const w = b.initializer("w", f32([1, 2], op === "Conv" ? [1, 1, 2] : [2, 1]));
  const y = b.add(op, [x, w, b.initializer("b", f32([3]))], { attributes });
  const statistics = ["scale", "bias", "mean", "var"].map((name, i) =>
    b.initializer(name, f32([[4], [5], [6], [3]][i] ?? [])),
  );
  const n = b.add("BatchNormalization", [y, ...statistics], {
    attributes: { epsilon: float(1), training_mode: int(training ? 1 : 0) },
  });
  b.output({ name: n, dtype: "float32" });
  if (readTwice) b.output({ name: y, dtype: "float32" });
  return b.build();
}

// By hand: factor = 4 / √(3 + 1) = 2, offset = 5 − 6·2 = −7, so w → 2w and b → 2·3 − 7.
test.for(["Conv", "Gemm"])("%s takes scale and shift into its weights", (op) => {
  const folded = foldBatchNormalization(normalized({ op }));
  expect(folded.nodes).toHaveLength(1);
  expect(folded.initializers.get("w.folded")?.data).toEqual(Float32Array.of(2, 4));
  expect(folded.initializers.get("b.folded")?.data).toEqual(Float32Array.of(-1));
  expect(folded.nodes[0]?.outputs).toEqual(["batchnormalization"]);
});

test.for<[string, Options]>([
  ["training mode", { training: true }],
  ["a result that something else reads", { readTwice: true }],
  ["a product that scales itself", { op: "Gemm", attributes: { alpha: float(2) } }],
  ["an operator without weights", { op: "Clip" }],
])("%s is left alone", ([, options]) => {
  const graph = normalized(options);
  expect(foldBatchNormalization(graph)).toBe(graph);
});
