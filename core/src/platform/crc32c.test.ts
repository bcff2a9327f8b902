import { expect, test } from "vitest";
import { crc32c } from "./crc32c.ts";

// RFC 3720 appendix B.4; the RFC prints the bytes as they stand on the wire, lowest first.
test.for([
  ["32 zeros", new Uint8Array(32), 0x8a9136aa],
  ["32 bytes of 0xff", new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ["32 incrementing bytes", Uint8Array.from({ length: 32 }, (_, i) => i), 0x46dd794e],
  ["32 decrementing bytes", Uint8Array.from({ length: 32 }, (_, i) => 31 - i), 0x113fdb5c],
] as const)("the checksum of %s is RFC 3720's", ([, bytes, expected]) => {
  expect(crc32c(bytes)).toBe(expected);
});

test("pieces sum to the whole", () => {
  const bytes = Uint8Array.from({ length: 999 }, (_, i) => (i * 7) & 0xff);
  for (const cut of [0, 1, 500, 999]) {
    expect(crc32c(bytes.subarray(cut), crc32c(bytes.subarray(0, cut)))).toBe(crc32c(bytes));
  }
});

test("every flipped bit changes the checksum", () => {
  const bytes = Uint8Array.from({ length: 64 }, (_, i) => i);
  const whole = crc32c(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = bytes.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(crc32c(flipped)).not.toBe(whole);
  }
});
