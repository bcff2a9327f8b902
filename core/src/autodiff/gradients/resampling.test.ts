import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import { text } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";
import { resampling } from "./resampling.ts";

gradientContract(resampling);

test("a mode without a gradient is refused by name", () => {
  const { graph } = caseOf(
    "Resize",
    { x: f32([1, 2, 3, 4], [1, 1, 2, 2]), roi: f32([], [0]), scales: f32([1, 1, 2, 2]) },
    { attributes: { mode: text("cubic") }, constants: ["roi", "scales"] },
  );
  expect(() => differentiate(graph)).toThrow("mode cubic is not supported");
});
