import { expect, test } from "vitest";
import { wasm } from "./webassembly.ts";

test("an empty module compiles and starts", async () => {
  const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
  expect([wasm.validate(empty), wasm.validate(empty.subarray(1))]).toEqual([true, false]);
  expect(new wasm.Instance(await wasm.compile(empty), {}).exports).toEqual({});
});
