import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("magnitude");

test("an unknown channel and a taken name are refused", () => {
  expect(() => build({ kind: "magnitude", of: ["a", "z"] })).toThrow("no channel z");
  expect(() => build({ kind: "magnitude", of: ["a"], name: "b" })).toThrow("b is taken");
});
