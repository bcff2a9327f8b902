import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("band-energies");

test("edges that do not ascend and a band without a frequency are refused", () => {
  const band = (edgesHz: readonly number[]) =>
    build({ kind: "band-energies", rateHz: 24, edgesHz });
  expect(() => band([0, 5, 5])).toThrow("edges must ascend");
  expect(() => band([0, 0.5, 0.7])).toThrow("lies in band 1");
});
