import { test } from "vitest";
import { sessionContract } from "../../testing/session-contract.ts";
import { encodeModel } from "../model.ts";
import { openNative } from "./native.ts";
import { nativeAvailable } from "./probe.ts";

if (await nativeAvailable()) {
  sessionContract("native", (model) => openNative(encodeModel(model), {}));
} else {
  test.skip("onnxruntime-node does not load here", () => undefined);
}
