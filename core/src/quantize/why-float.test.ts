import { expect, test } from "vitest";
import { float, graphBuilder, text } from "../graph/builder.ts";
import { zeros } from "../graph/dtypes.ts";
import { scalar } from "../graph/tensor.ts";
import { whyFloat } from "./why-float.ts";

test("each node that stays in float says why, the others nothing", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32", shape: [2, 4] });
  const w = b.initializer("w", zeros("float32", [4, 3]));
  b.add("MatMul", [x, w], { name: "fine" });
  b.add("Gemm", [x, w], { name: "scaled", attributes: { alpha: float(0.5) } });
  b.add("Clip", [x, x], { name: "open" });
  b.add("Clip", [x, b.constant(scalar(0))], { name: "relu" });
  b.add("Resize", [x], { name: "cubic", attributes: { mode: text("cubic") } });
  b.add("Erf", [x], { name: "erf" });
  b.add("Gelu", [x], { name: "foreign", domain: "com.microsoft" });
  const graph = b.build();
  const reasons = graph.nodes.map((node) => [node.name, whyFloat(node, graph)?.split(" ")[0]]);
  expect(Object.fromEntries(reasons)).toEqual({
    fine: undefined,
    scaled: "its",
    open: "its",
    relu: undefined,
    cubic: "what",
    erf: "no",
    foreign: "the",
  });
});
