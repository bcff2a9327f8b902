import { expect, test } from "vitest";
import { build, signalContract } from "../../../../test/reference/signal-cases.ts";

signalContract("rectify");

test("the shape stays", () => {
  expect(build({ kind: "rectify" }).outputs[0]?.shape).toEqual(["N", 3, 24]);
});
