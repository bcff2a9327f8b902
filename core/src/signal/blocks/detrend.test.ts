import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("detrend");

test("one sample has no line", () => {
  expect(() => build({ kind: "detrend" }, { channels: ["a"], lengthSamples: 1 })).toThrow(
    expect.objectContaining({ code: "PIPELINE_INVALID" }),
  );
});
