import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("remove-mean");

test("the shape stays", () => {
  expect(build({ kind: "remove-mean" }).outputs[0]?.shape).toEqual(["N", 3, 24]);
});
