import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("log-compress");

test("a unit of 0 is refused", () => {
  expect(() => build({ kind: "log-compress", unit: 0 })).toThrow(
    expect.objectContaining({ code: "PIPELINE_INVALID" }),
  );
});
