import fc from "fast-check";
import { expect, test } from "vitest";

import { fromBase64, toBase64, toBase64Url } from "./base64.ts";

test("bytes survive both alphabets, and Node's Buffer agrees", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
      expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
      expect(toBase64Url(bytes)).toBe(Buffer.from(bytes).toString("base64url"));
      expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      expect(fromBase64(toBase64Url(bytes))).toEqual(bytes);
    }),
  );
});

// "QQ==" is the letter A; "QR==" has a stray bit, and would be a second spelling of the same byte.
test.for(["QR==", "Q", "Q===", "QQ=", "QUJD=", "Q Q=", "Q\n==", "é"])("%j is refused", (text) => {
  expect(() => fromBase64(text)).toThrow(expect.objectContaining({ code: "BASE64_INVALID" }));
});
