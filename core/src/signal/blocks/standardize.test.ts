import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("standardize");

test("constants that do not match the channels are refused", () => {
  expect(() => build({ kind: "standardize", mean: [0, 0], scale: [1, 1] })).toThrow(
    expect.objectContaining({ code: "PIPELINE_INVALID" }),
  );
});
