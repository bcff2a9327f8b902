import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("spectrum");

test("an unknown taper is refused", () => {
  expect(() => build({ kind: "spectrum", taper: "hamming" })).toThrow("hann or none");
});
