import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { f32, i64 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";
import { indexing } from "./indexing.ts";

gradientContract(indexing);

test("an index that is picked twice gets the sum", async () => {
  const { graph, feeds } = caseOf("Gather", { x: f32([1, 2, 3]), i: i64([2, 0, 2]) });
  expect((await gradientsOf(graph, feeds, f32([1, 2, 4])))["x"]).toEqual([2, 0, 5]);
});

test("axes of a slice that only the run tells are refused", () => {
  const lists = { starts: i64([0]), ends: i64([2]) };
  const { graph } = caseOf("Slice", { x: f32([1, 2, 3]), ...lists, axes: i64([0]) });
  const message = "no gradient for Slice (y): the axes that it cuts must be constants";
  expect(() => differentiate(graph)).toThrow(
    expect.objectContaining({ code: "GRADIENT_UNSUPPORTED", message }),
  );
  const open = caseOf("Slice", { x: f32([1, 2, 3]), ...lists }, { symbolic: ["starts", "ends"] });
  expect(() => differentiate(open.graph)).toThrow("how many axes it cuts must be known");
});
