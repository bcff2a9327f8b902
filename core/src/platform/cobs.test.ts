import fc from "fast-check";
import { expect, test } from "vitest";
import { cobsDecoder, cobsEncode } from "./cobs.ts";

const range = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

// The examples of Cheshire & Baker's paper as tabulated in its section on encoding, with the closing zero.
test.for([
  [[], [1, 0]],
  [[0], [1, 1, 0]],
  [
    [0, 0],
    [1, 1, 1, 0],
  ],
  [
    [0, 0x11, 0],
    [1, 2, 0x11, 1, 0],
  ],
  [
    [0x11, 0x22, 0, 0x33],
    [3, 0x11, 0x22, 2, 0x33, 0],
  ],
  [
    [0x11, 0x22, 0x33, 0x44],
    [5, 0x11, 0x22, 0x33, 0x44, 0],
  ],
  [range(1, 254), [255, ...range(1, 254), 0]],
  [
    [0, ...range(1, 254)],
    [1, 255, ...range(1, 254), 0],
  ],
  [range(1, 255), [255, ...range(1, 254), 2, 255, 0]],
  [
    [...range(2, 255), 0],
    [255, ...range(2, 255), 1, 1, 0],
  ],
])("a known frame has the paper's bytes (case %#)", ([frame, encoded]) => {
  expect([...cobsEncode(Uint8Array.from(frame!))]).toEqual(encoded);
});

const frames = fc.array(fc.uint8Array({ minLength: 1, maxLength: 600 }), { maxLength: 8 });

test("any frames come back whole however the stream is chunked", () => {
  fc.assert(
    fc.property(frames, fc.integer({ min: 1, max: 97 }), (sent, chunkBytes) => {
      const stream = Uint8Array.from(sent.flatMap((frame) => [...cobsEncode(frame)]));
      const decoder = cobsDecoder(600);
      const received: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += chunkBytes) {
        received.push(...decoder.push(stream.subarray(at, at + chunkBytes)));
      }
      expect(received).toEqual(sent);
      expect(decoder.counters).toEqual({ frames: sent.length, malformed: 0, oversized: 0 });
    }),
  );
});

test("an encoded frame holds no zero before its end and stays within its bound", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 1000 }), (frame) => {
      const encoded = cobsEncode(frame);
      expect(encoded.indexOf(0)).toBe(encoded.length - 1);
      expect(encoded.length).toBeLessThanOrEqual(
        frame.length + Math.max(1, Math.ceil(frame.length / 254)) + 1,
      );
    }),
  );
});

test("joining in the middle of a frame loses that frame only", () => {
  const first = Uint8Array.of(91, 92, 93, 94, 95); // A tail that starts with a small byte can pass for a frame; then the CRC speaks.
  const second = Uint8Array.of(6, 0, 7);
  const decoder = cobsDecoder(16);
  const stream = [...cobsEncode(first).subarray(3), ...cobsEncode(second)];
  expect(decoder.push(Uint8Array.from(stream))).toEqual([second]);
  expect(decoder.counters).toEqual({ frames: 1, malformed: 1, oversized: 0 });
});

test("an endless frame is skipped in bounded memory and the next one is read", () => {
  const decoder = cobsDecoder(16);
  for (let i = 0; i < 1000; i += 1) expect(decoder.push(new Uint8Array(100).fill(9))).toEqual([]);
  expect(decoder.push(Uint8Array.of(0, ...cobsEncode(Uint8Array.of(42))))).toEqual([
    Uint8Array.of(42),
  ]);
  expect(decoder.counters).toEqual({ frames: 1, malformed: 0, oversized: 1 });
});

test("a frame of the bound passes and one byte more is oversized", () => {
  const decoder = cobsDecoder(300);
  expect(decoder.push(cobsEncode(new Uint8Array(300).fill(1)))).toHaveLength(1);
  expect(decoder.push(cobsEncode(new Uint8Array(301).fill(1)))).toHaveLength(0);
  expect(decoder.counters).toEqual({ frames: 1, malformed: 0, oversized: 1 });
});

test("a bound that is no positive integer is refused", () => {
  expect(() => cobsDecoder(0)).toThrowError(
    expect.objectContaining({ code: "FRAME_LIMIT_INVALID" }),
  );
});
