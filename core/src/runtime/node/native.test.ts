import { test } from "vitest";
import { sessionContract } from "../../testing/session-contract.ts";
import { encodeModel } from "../model.ts";
import { openNative, openNativePublic } from "./native.ts";
import { nativeAvailable } from "./probe.ts";

if (await nativeAvailable()) {
  sessionContract("native", (model) => openNative(encodeModel(model), {}));
  sessionContract("native, public interface", (model) => openNativePublic(encodeModel(model), 1));
} else {
  test.skip("onnxruntime-node does not load here", () => undefined);
}
