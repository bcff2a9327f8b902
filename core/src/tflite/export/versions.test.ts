import { expect, test } from "vitest";
import { versionOf } from "./versions.ts";

// From the versioning table of TensorFlow (op_version.cc).
test("int8 takes the version that brought it, float the first", () => {
  expect(["CONV_2D", "ADD", "FULLY_CONNECTED", "SOFTMAX"].map((op) => versionOf(op, true))).toEqual(
    [3, 2, 4, 2],
  );
  expect(["CONV_2D", "ADD", "FULLY_CONNECTED"].map((op) => versionOf(op, false))).toEqual([
    1, 1, 1,
  ]);
  expect([versionOf("TRANSPOSE_CONV", false), versionOf("BROADCAST_TO", false)]).toEqual([3, 2]);
});
