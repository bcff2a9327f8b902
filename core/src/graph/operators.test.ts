import { expect, test } from "vitest";
import { operatorNames, operatorOf } from "./operators.ts";

test("every operator is found by its name, in the standard domain only", () => {
  expect(operatorNames.length).toBeGreaterThan(100);
  for (const op of operatorNames) expect(operatorOf({ op })?.inputs[0]).toBeGreaterThanOrEqual(1);
  expect(operatorOf({ op: "Gelu", domain: "com.microsoft" })).toBeUndefined();
  expect(operatorOf({ op: "constructor" })).toBeUndefined();
});
