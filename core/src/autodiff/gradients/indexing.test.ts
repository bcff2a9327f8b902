import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract, gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { f32, i64 } from "../../graph/tensor.ts";
import { indexing } from "./indexing.ts";

gradientContract(indexing);

test("an index that is picked twice gets the sum", async () => {
  const { graph, feeds } = caseOf("Gather", { x: f32([1, 2, 3]), i: i64([2, 0, 2]) });
  expect((await gradientsOf(graph, feeds, f32([1, 2, 4])))["x"]).toEqual([2, 0, 5]);
});
