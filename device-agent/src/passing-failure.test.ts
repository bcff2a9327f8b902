import { EdgeloopError } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { isDiskFull, isPassing } from "./passing-failure.ts";

const failure = (code: string): EdgeloopError => new EdgeloopError(code, "told to fail");

test.for([
  ["OTA_UNREACHABLE", true, false],
  ["BLOB_MISMATCH", true, false],
  ["EROFS", true, false],
  ["BLOB_FULL", true, true],
  ["STORE_FULL", true, true],
  ["ENOSPC", true, true],
  ["BLOB_MISSING", false, false],
  ["BUNDLE_TAMPERED", false, false],
  ["MODEL_OUTPUT_INVALID", false, false],
] as const)("%s: passing %s, a full disk %s", ([code, passes, full]) => {
  expect([isPassing(failure(code)), isDiskFull(failure(code))]).toEqual([passes, full]);
});

test("a failure without a code is nobody's excuse", () => {
  expect(isPassing(new TypeError("undefined is not a function"))).toBe(false);
});
