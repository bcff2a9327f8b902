import { expect, test } from "vitest";
import { loadEngine } from "../wasm-engine.ts";
import { adoptCompiledWasm, compiledWasm, instantiateCompiled } from "./compiled-wasm.ts";

test("the code is compiled once, and an engine starts from it", async () => {
  const compiled = await compiledWasm();
  expect(await compiledWasm()).toBe(compiled);
  const engine = await loadEngine({ threads: 1, instantiate: instantiateCompiled(compiled) });
  expect(typeof engine._OrtRun).toBe("function");
});

test("a worker takes its parent's code instead of compiling", async () => {
  const adopted = {};
  adoptCompiledWasm(adopted);
  expect(await compiledWasm()).toBe(adopted);
});

test("code that cannot be instantiated is an error, not a hang", async () => {
  const instantiate = instantiateCompiled({});
  await expect(loadEngine({ threads: 2, instantiate })).rejects.toMatchObject({
    code: "ENGINE_MISMATCH",
  });
});
