import { nativeAvailable } from "@edgeloop/core/runtime/node";
import { expect, test } from "vitest";
import { readBackend } from "./backend.ts";

test("a backend is what it is called, and auto is native where that loads", async () => {
  expect(await readBackend("wasm")).toBe("wasm");
  expect(await readBackend("native")).toBe("native");
  expect(await readBackend("auto")).toBe((await nativeAvailable()) ? "native" : "wasm");
  await expect(readBackend("gpu")).rejects.toMatchObject({
    code: "USAGE",
    message: '--backend must be auto, native, wasm, not "gpu"',
  });
});
