// WebGPU behind the session port. Skipped where Dawn finds no adapter; SwiftShader is enough.
import { expect, test } from "vitest";
import { encodeModel } from "../../core/src/runtime/model.ts";
import { probeGpu, provideGpu } from "../../core/src/runtime/node/webgpu-device.ts";
import { openWebgpu } from "../../core/src/runtime/webgpu.ts";
import { sessionContract } from "../../core/src/testing/session-contract.ts";

const probe = await probeGpu();

if (probe.kind === "available") {
  sessionContract("webgpu", (model) => openWebgpu(encodeModel(model), provideGpu), {
    // A shader does not tell that an index was outside of its table.
    checksData: false,
  });
} else {
  test.skip(`webgpu: ${probe.reason}`, () => undefined);
}

test("an adapter is found, or the reason is said", () => {
  expect(probe.kind === "available" || probe.reason.length > 0).toBe(true);
});
