import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("moving-average");

test("a stretch longer than the window is refused", () => {
  expect(() => build({ kind: "moving-average", samples: 25 })).toThrow("25 samples of 24");
});
