import { expect, test } from "vitest";
import { modelError, runError } from "./runtime-errors.ts";

// Texts as onnxruntime-web and onnxruntime-node 1.30.0 gave them for such models.
test.for([
  ["Failed to load model because protobuf parsing failed.", "MODEL_INVALID"],
  ["Load model from buffer failed:Protobuf parsing failed.", "MODEL_INVALID"],
  ["Fatal error: NoSuchOperator(-1) is not a registered function/op", "MODEL_UNSUPPORTED"],
  ["NOT_IMPLEMENTED : Could not find an implementation for Conv(11) node", "MODEL_UNSUPPORTED"],
  ["Opset 27 is under development and support for this is limited", "MODEL_UNSUPPORTED"],
  ["Unsupported model IR version: 14, max supported IR version: 13", "MODEL_UNSUPPORTED"],
] as const)("%s is %s", ([text, code]) => {
  const cause = new Error(text);
  const error = modelError({ backend: "wasm", text, cause });
  expect(error).toMatchObject({ code, cause, details: { backend: "wasm", text } });
});

test("the message leaves out where in its own source the runtime stood", () => {
  const text = "/build/onnxruntime/core/op.h:563 void Init() axis == 1 was false\nmore";
  const error = runError({ backend: "native", text });
  expect(error.message).toBe(
    "the runtime failed while it ran the graph: void Init() axis == 1 was false",
  );
  expect(error).toMatchObject({ code: "RUN_FAILED", details: { backend: "native", text } });
});
