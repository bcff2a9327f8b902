import { expect, test } from "vitest";
import { opsetInternal } from "./graph.ts";

// ONNX docs/Versioning.md: release 1.16 has opset 21. onnxruntime 1.30 loads up to 26 (measured).
test("the internal opset is one that both runtimes load", () => {
  expect(opsetInternal).toBe(21);
});
