import fc from "fast-check";
import { expect, test } from "vitest";
import type { Block } from "./buffer-heap.ts";
import { bufferHeap } from "./buffer-heap.ts";

// By hand: 100 and 80 of overhead are 180, in grains of 16 bytes 192.
test("the smallest hole that is large enough is taken, and neighbours join", () => {
  const heap = bufferHeap();
  const [a, b, c, d] = [100, 500, 100, 100].map((bytes) => heap.take(bytes));
  expect([a, b, c, d].map((block) => block?.at)).toEqual([0, 192, 784, 976]);
  heap.give(b as Block);
  heap.give(d as Block);
  expect(heap.take(100).at).toBe(192);
  heap.give(c as Block);
  // The rest of b's hole and c's, joined: 400 + 192 bytes, and all that follows.
  expect(heap.take(1000).at).toBe(384);
  expect(heap.peak()).toBe(384 + 1088);
});

test("blocks that are taken never overlap, and what is given back is found again", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 5000 }), { maxLength: 60 }), (moves) => {
      const heap = bufferHeap();
      const taken: Block[] = [];
      for (const move of moves) {
        if (move >= 0) taken.push(heap.take(move));
        else for (const old of taken.splice(taken.length >> 1, 1)) heap.give(old);
      }
      const sorted = taken.toSorted((x, y) => x.at - y.at);
      const ends = sorted.map(({ at, bytes }) => at + bytes);
      const starts = [...sorted.slice(1).map(({ at }) => at), Number.POSITIVE_INFINITY];
      expect(ends.every((end, place) => end <= (starts[place] ?? 0))).toBe(true);
      for (const block of taken) heap.give(block);
      expect(heap.take(1).at).toBe(0);
    }),
    { numRuns: 60 },
  );
});
