import { expect, test } from "vitest";
import type { GraphBuilder } from "../graph/builder.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import { f32, i64, sizeOf } from "../graph/tensor.ts";
import { linksOf } from "./links.ts";
import { planOf } from "./observe.ts";
import type { Pair, Unpaired } from "./scale-path.ts";
import { isPair, pairFrom, pathContext } from "./scale-path.ts";

/** What is found after the first layer of a graph: a convolution from [1, 2, 4] to [1, 2, 4], then what is given. */
function after(build: (b: GraphBuilder, value: string) => string): Pair | Unpaired {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [1, 2, 4] });
  b.output({
    name: build(b, b.add("Conv", [x, weight(b, 2, 2, 1)], { name: "conv" })),
    dtype: "float32",
  });
  const { graph, plan } = planOf(b.build(), {});
  const [[node, site] = []] = plan.weighted;
  if (node === undefined || site === undefined) throw new Error("there is a layer");
  const context = pathContext(graph, { links: linksOf(graph), weighted: plan.weighted });
  return pairFrom(node, site, context);
}
const weight = (b: GraphBuilder, ...shape: number[]): string =>
  b.constant(f32(new Float32Array(sizeOf(shape)), shape), "w");
const head = (b: GraphBuilder, value: string, inputs: number): string =>
  b.add("Gemm", [value, weight(b, inputs, 3)], { name: "head" });

test.for<[string, (b: GraphBuilder, value: string) => string, number]>([
  ["at once", (b, v) => b.add("Conv", [v, weight(b, 3, 2, 1)]), 1],
  ["after pooling", (b, v) => b.add("Conv", [b.add("GlobalMaxPool", [v]), weight(b, 3, 2, 1)]), 1],
  ["flattened", (b, v) => head(b, b.add("Flatten", [b.add("Relu", [v])]), 8), 4],
  ["reshaped", (b, v) => head(b, b.add("Reshape", [v, b.constant(i64([1, 8]))]), 8), 4],
  [
    "squeezed",
    (b, v) => head(b, b.add("Squeeze", [b.add("GlobalAveragePool", [v]), b.constant(i64([2]))]), 2),
    1,
  ],
])("a layer is found %s", ([, build, between]) => {
  const found = after(build);
  expect(isPair(found) && found.between).toBe(between);
});

test.for<[string, (b: GraphBuilder, value: string) => string]>([
  [
    'Flatten "all" does not let a scale through',
    (b, v) => head(b, b.add("Flatten", [v], { name: "all", attributes: { axis: int(2) } }), 4),
  ],
  [
    'Transpose "turn" does not let a scale through',
    (b, v) => b.add("MatMul", [b.add("Transpose", [v], { name: "turn" }), weight(b, 1, 3)]),
  ],
  [
    'MatMul "rows" reads along another axis',
    (b, v) => b.add("MatMul", [v, weight(b, 4, 3)], { name: "rows" }),
  ],
  [
    'ConvTranspose "up" reads along another axis',
    (b, v) => b.add("ConvTranspose", [v, weight(b, 2, 3, 2)], { name: "up" }),
  ],
  ["makes a result of the model", (b, v) => b.add("Relu", [v])],
])("none is found: %s", ([reason, build]) => {
  expect(after(build)).toEqual({ first: "conv", reason });
});
