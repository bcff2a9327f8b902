import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("differences");

test("one sample fewer comes out", () => {
  expect(build({ kind: "differences" }).outputs[0]?.shape).toEqual(["N", 3, 23]);
});
