import { nativeAvailable } from "@edgeloop/core/runtime/node";
import { expect, test } from "vitest";
import { parseBackend, readBackend } from "./backend.ts";
import { backendChoices, backendSummary } from "./backend-names.ts";

test.for(backendChoices)("%s is a backend's name", (name) => {
  expect(parseBackend(name)).toBe(name);
});

test("to train, auto is native where that loads, and a name is what it says", async () => {
  expect(await readBackend("wasm")).toBe("wasm");
  expect(await readBackend("native")).toBe("native");
  expect(await readBackend("auto")).toBe((await nativeAvailable()) ? "native" : "wasm");
});

test("another name is wrong usage, and the answer lists the right ones", async () => {
  const refusal = {
    code: "USAGE",
    message: `--backend must be ${backendSummary}, not "gpu"`,
  };
  expect(() => parseBackend("gpu")).toThrow(expect.objectContaining(refusal));
  await expect(readBackend("gpu")).rejects.toMatchObject(refusal);
});
