import { expect, test } from "vitest";
import { customOperatorError, tfliteModelError } from "./tflite-errors.ts";

const refusal = (backend: "litert" | "tflite", ...printed: readonly string[]) =>
  tfliteModelError({ backend, printed, cause: new Error("ERROR: [litert_web.cc:245]") });

test("a version that is too new is named, with where to go", () => {
  const line =
    "ERROR: Didn't find op for builtin opcode 'FULLY_CONNECTED' version '12'. An older version might be supported.";
  expect(refusal("tflite", "INFO: started", line, "ERROR: Registration failed.")).toMatchObject({
    code: "MODEL_UNSUPPORTED",
    message: expect.stringMatching(/no FULLY_CONNECTED of version 12; .*litert/),
    details: { backend: "tflite", operator: "FULLY_CONNECTED", version: 12 },
  });
});

test("an operator outside the built-in set is named", () => {
  const line = "ERROR: Encountered unresolved custom op: SignalWindow.";
  expect(refusal("tflite", line)).toMatchObject({
    code: "MODEL_UNSUPPORTED",
    details: { operators: ["SignalWindow"] },
  });
  expect(customOperatorError("litert", ["A", "B"])).toMatchObject({
    code: "MODEL_UNSUPPORTED",
    message: expect.stringContaining("LiteRT has no operator A"),
    details: { operators: ["A", "B"] },
  });
});

test("anything else is a model that is invalid, in the engine's words", () => {
  expect(refusal("litert", "INFO: started", "ERROR: shapes differ")).toMatchObject({
    code: "MODEL_INVALID",
    message: expect.stringContaining("shapes differ"),
  });
  expect(refusal("litert", "INFO: started").message).toContain("litert_web.cc");
});
