import { expect, test } from "vitest";
import { allocText, forgetEngine, lastError, loadEngine } from "./wasm-engine.ts";

test("a module is loaded once for a number of threads, until it is forgotten", async () => {
  const module = await loadEngine({ threads: 1 });
  expect(await loadEngine({ threads: 1 })).toBe(module);
  forgetEngine(module);
  await Promise.resolve();
  expect(await loadEngine({ threads: 1 })).not.toBe(module);
});

test("loading leaves no global Worker behind", async () => {
  await loadEngine({ threads: 1 });
  expect("Worker" in globalThis).toBe(false);
});

test("text crosses into the heap and back, beyond ASCII", async () => {
  const module = await loadEngine({ threads: 1 });
  const at = allocText(module, "µs → Ω");
  expect(module.UTF8ToString(at)).toBe("µs → Ω");
  module._free(at);
});

test("the last error is the runtime's own text", async () => {
  const module = await loadEngine({ threads: 1 });
  const options = module._OrtCreateSessionOptions(99, true, true, 0, false, 0, 0, 4, 0, 0);
  const at = allocText(module, "not a model");
  expect(await module._OrtCreateSession(at, 11, options)).toBe(0);
  expect(lastError(module)).toContain("protobuf parsing failed");
});

test("a loader that fails is ENGINE_MISMATCH, and is not remembered", async () => {
  const instantiate = (): never => {
    throw new TypeError("other imports");
  };
  await expect(loadEngine({ threads: 2, instantiate })).rejects.toMatchObject({
    code: "ENGINE_MISMATCH",
    details: { text: "other imports" },
  });
  expect(typeof (await loadEngine({ threads: 2 }))._OrtRun).toBe("function");
});
