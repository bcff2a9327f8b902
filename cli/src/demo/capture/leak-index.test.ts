import fc from "fast-check";
import { expect, test } from "vitest";
import { leakBytes, leakIndex } from "./leak-index.ts";

const noise = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

test("any 16 aligned bytes of a remembered block are found at any offset of other bytes", () => {
  fc.assert(
    fc.property(noise(64), noise(40), fc.nat(12), fc.nat(24), (block, other, word, at) => {
      const piece = block.slice(4 * word, 4 * word + leakBytes);
      fc.pre(new Set(piece).size > 1);
      const index = leakIndex();
      index.add(block, 4);
      const carrier = Uint8Array.from(other);
      carrier.set(piece, at);
      expect(index.count(carrier)).toBeGreaterThan(0);
    }),
  );
});

test("15 equal bytes are not a leak, and neither is a run of one byte", () => {
  const index = leakIndex();
  const block = Uint8Array.from({ length: 64 }, (_, at) => (at * 37) % 251);
  index.add(block, 1);
  index.add(new Uint8Array(64), 1);
  const almost = new Uint8Array(40).fill(7);
  almost.set(block.slice(8, 8 + leakBytes - 1), 10);
  expect(index.count(almost)).toBe(0);
  expect(index.count(new Uint8Array(64))).toBe(0);
});

test("the index agrees with a naive search", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 80 }),
      fc.uint8Array({ maxLength: 80 }),
      (block, probe) => {
        const index = leakIndex();
        index.add(block, 1);
        const pieces = new Set<string>();
        for (let at = 0; at + leakBytes <= block.length; at += 1) {
          const piece = block.slice(at, at + leakBytes);
          if (new Set(piece).size > 1) pieces.add(piece.toString());
        }
        let hits = 0;
        for (let at = 0; at + leakBytes <= probe.length; at += 1) {
          if (pieces.has(probe.slice(at, at + leakBytes).toString())) hits += 1;
        }
        expect(index.count(probe)).toBe(hits);
      },
    ),
  );
});

test("a million remembered sequences stay findable while the table grows", () => {
  const index = leakIndex();
  const data = Float32Array.from({ length: 300_000 }, (_, at) => Math.sin(at * at));
  const bytes = new Uint8Array(data.buffer);
  index.add(bytes, 4);
  expect(index.size).toBeGreaterThan(290_000);
  expect(index.count(bytes.slice(400_001, 400_100))).toBeGreaterThan(15);
});
