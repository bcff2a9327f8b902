import { expect, test } from "vitest";
import { probeGpu, provideGpu } from "./webgpu-device.ts";

test("the probe finds an adapter, or says what is missing", async () => {
  const probe = await probeGpu();
  if (probe.kind === "unavailable") {
    expect(probe.reason).toMatch(/not installed|no adapter|ended by/);
  } else {
    expect(probe).toEqual({ kind: "available" });
  }
});

test("Node gets a navigator.gpu once, and what is there already stays", async () => {
  await provideGpu();
  const { gpu } = navigator as unknown as { readonly gpu: object };
  expect(gpu).toBeDefined();
  await provideGpu();
  expect(Reflect.get(navigator, "gpu")).toBe(gpu);
  Reflect.deleteProperty(navigator, "gpu");
});
