import { expect, test } from "vitest";
import { litertBuild, startTfliteEngine } from "./tflite-engine.ts";
import { wasm } from "./webassembly.ts";

test("LiteRT's build follows what this machine's WebAssembly can do", () => {
  expect(litertBuild({ validate: () => false })).toBe("litert_wasm_compat_internal");
  // Node 24 and newer have relaxed SIMD.
  expect(litertBuild()).toBe("litert_wasm_internal");
});

test("an engine gets an instance of its own, and what it prints is kept, to a bound", async () => {
  const compiled = await wasm.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
  const { module, printed } = await startTfliteEngine({
    compiled,
    factory({ instantiateWasm, print, printErr }) {
      for (let line = 0; line < 150; line += 1) print(`line ${line}`);
      for (let line = 0; line < 150; line += 1) printErr("ERROR: more");
      return new Promise<object>((resolve) => instantiateWasm({}, resolve));
    },
  });
  expect(module).toBeInstanceOf(wasm.Instance);
  expect(printed).toHaveLength(200);
  expect(printed[149]).toBe("line 149");
});
