import fc from "fast-check";
import { expect, test } from "vitest";
import { packetGate } from "./packet-gate.ts";

const bounds = { firstBytesMax: 300, bytesMax: 20_000 };

/** A packet of so many bytes after its fixed header. */
function packet(lengthBytes: number): readonly number[] {
  const header = [0x30];
  let rest = lengthBytes;
  do {
    header.push((rest % 128) + (rest >= 128 ? 128 : 0));
    rest = Math.floor(rest / 128);
  } while (rest > 0);
  return [...header, ...new Array<number>(lengthBytes).fill(0xff)];
}

test.for([
  ["a first packet of the greatest length", [300], true],
  ["a longer first packet", [301], false],
  ["a long packet after the first", [300, 20_000, 0, 20_000], true],
  ["a longer packet after the first", [0, 20_001], false],
] as const)("%s: %j %s", ([, lengths, isFine]) => {
  expect(packetGate(bounds)(Uint8Array.from(lengths.flatMap(packet)))).toBe(isFine);
});

test.for([
  ["a length that is declared and never sent", [0x10, 0xff, 0xff, 0xff, 0x7f]],
  ["a length of more than four digits", [0x10, 0x80, 0x80, 0x80, 0x80, 0x00]],
] as const)("%s is refused at its header", ([, bytes]) => {
  expect(packetGate(bounds)(Uint8Array.from(bytes))).toBe(false);
});

test("however the bytes are cut, the answer is the same", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 500 }), { maxLength: 6 }),
      fc.integer({ min: 1, max: 50 }),
      (lengths, chunkBytes) => {
        const bytes = Uint8Array.from(lengths.flatMap(packet));
        const small = { firstBytesMax: 200, bytesMax: 400 };
        const take = packetGate(small);
        let isFine = true;
        for (let at = 0; isFine && at < bytes.length; at += chunkBytes) {
          isFine = take(bytes.subarray(at, at + chunkBytes));
        }
        const expected = lengths.every((length, index) => length <= (index === 0 ? 200 : 400));
        expect(isFine).toBe(expected);
        expect(packetGate(small)(bytes)).toBe(expected);
      },
    ),
  );
});
