import { expect, test } from "vitest";
import { operatorOf } from "../../graph/operators.ts";
import { rules } from "./rules.ts";

test("each rule is for an operator that the graph has", () => {
  const unknown = Object.keys(rules).filter((op) => !operatorOf({ op }));
  expect(unknown).toEqual([]);
  expect(Object.keys(rules).length).toBeGreaterThan(70);
});
