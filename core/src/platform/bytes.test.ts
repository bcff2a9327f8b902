import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, concatBytes, equalBytes, fromUtf8, toHex, utf8 } from "./bytes.ts";

test("text comes back from UTF-8, and what is not UTF-8 is refused", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      expect(fromUtf8(utf8(text))).toBe(text);
    }),
  );
  expect(() => fromUtf8(Uint8Array.of(0xc3, 0x28))).toThrowError(TypeError);
});

test("joined pieces are the whole, and change nothing", () => {
  const pieces = [Uint8Array.of(1, 2), new Uint8Array(), Uint8Array.of(3)];
  expect(concatBytes(pieces)).toEqual(Uint8Array.of(1, 2, 3));
  expect(pieces[0]).toEqual(Uint8Array.of(1, 2));
  expect(concatBytes([])).toEqual(new Uint8Array());
});

test("equality is of every byte", () => {
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2))).toBe(true);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3))).toBe(false);
  expect(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
  expect(equalBytes(Uint8Array.of(1), Uint8Array.of(1, 2))).toBe(false);
});

test("a view's bytes are its own part of the buffer, not a copy", () => {
  const floats = new Float32Array([0, 1, 2]);
  const bytes = bytesOf(floats.subarray(1, 2));
  expect([...bytes]).toEqual([0, 0, 0x80, 0x3f]);
  bytes[3] = 0xbf;
  expect(floats[1]).toBe(-1);
});

test("hexadecimal is Buffer's", () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
  expect(toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
});
