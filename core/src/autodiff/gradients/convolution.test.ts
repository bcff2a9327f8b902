import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { ints } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";
import { convolution } from "./convolution.ts";

gradientContract(convolution);

test("a stride over a size that is not known is refused, naming node and reason", () => {
  const { graph } = caseOf(
    "Conv",
    { x: f32(new Float32Array(8), [1, 1, 8]), w: f32([1, 2], [1, 1, 2]) },
    { attributes: { strides: ints([2]) } },
  );
  const inputs = graph.inputs.map((info) =>
    info.name === "x" ? { ...info, shape: [1, 1, "T"] } : info,
  );
  expect(() => differentiate({ ...graph, inputs }, ["x"])).toThrow(
    expect.objectContaining({
      code: "GRADIENT_UNSUPPORTED",
      details: expect.objectContaining({ op: "Conv", reason: expect.stringContaining("T") }),
    }),
  );
});
