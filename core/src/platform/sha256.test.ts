import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { sha256 } from "./sha256.ts";

test("the digest of nothing is FIPS 180-4's", async () => {
  expect(await sha256(new Uint8Array())).toBe(
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
});

test("digests are those of Node's crypto, of views too", async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.nat(20), async (bytes, from) => {
      const view = bytes.subarray(from);
      expect(await sha256(view)).toBe(createHash("sha256").update(view).digest("hex"));
    }),
  );
});
