import { expect, test } from "vitest";
import { refusal } from "./refusal.ts";

test("a refusal names the node, its operator and the reason", () => {
  const node = { name: "", op: "TopK", inputs: ["x"], outputs: ["values"], attributes: {} };
  expect(refusal(node, "it has no operator")).toMatchObject({
    code: "TFLITE_UNSUPPORTED",
    message: 'node "values" (TopK) cannot be written to .tflite: it has no operator',
    details: { node: "values", op: "TopK", reason: "it has no operator" },
  });
});
