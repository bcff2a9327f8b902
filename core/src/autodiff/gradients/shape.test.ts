import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { run } from "../../../../test/reference/interpreter.ts";
import { text } from "../../graph/builder.ts";
import { f32, i64 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";
import { shape } from "./shape.ts";

gradientContract(shape);

test("a part of Split that nobody uses has gradient 0", () => {
  const { graph, feeds } = caseOf(
    "Split",
    { x: f32([1, 2, 3]), sizes: i64([1, 2]) },
    { outputs: 2, constants: ["sizes"] },
  );
  const step = differentiate({ ...graph, outputs: graph.outputs.slice(1) });
  const found = run(step, { ...feeds, "y1.grad": f32([5, 6]) })["x.grad"]!;
  expect([...(found.data as Float64Array)]).toEqual([0, 5, 6]);
});

test("padding by pads that are computed is refused where they decide what is repeated", () => {
  const { graph } = caseOf(
    "Pad",
    { x: f32([1, 2, 3]), pads: i64([1, 1]) },
    { attributes: { mode: text("reflect") } },
  );
  expect(() => differentiate(graph)).toThrow(
    expect.objectContaining({
      code: "GRADIENT_UNSUPPORTED",
      message: expect.stringContaining("pads must be constants"),
    }),
  );
});
