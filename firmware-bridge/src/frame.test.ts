import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeFrame, encodeFrame, framePayloadBytesMax } from "./frame.ts";

const u32 = fc.nat(0xffff_ffff);
const frame = fc.record({
  kind: fc.constant("samples" as const),
  session: u32,
  sequence: u32,
  payload: fc.uint8Array({ maxLength: 600 }),
});

test("a frame survives the wire", () => {
  fc.assert(
    fc.property(frame, (one) => {
      expect(decodeFrame(encodeFrame(one))).toEqual(one);
    }),
  );
});

test("every truncation and every flipped bit is refused with a code", () => {
  const bytes = encodeFrame({
    kind: "samples",
    session: 1,
    sequence: 2,
    payload: Uint8Array.of(3, 4),
  });
  const refused = expect.objectContaining({ code: expect.stringMatching(/^FRAME_/) });
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => decodeFrame(bytes.slice(0, length))).toThrow(refused);
  }
  for (let bit = 0; bit < 8 * bytes.length; bit += 1) {
    const flipped = Uint8Array.from(bytes);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    expect(() => decodeFrame(flipped)).toThrow(refused);
  }
});

test("a payload over the limit is refused before it is sent", () => {
  const payload = new Uint8Array(framePayloadBytesMax + 1);
  expect(() => encodeFrame({ kind: "samples", session: 0, sequence: 0, payload })).toThrow(
    expect.objectContaining({ code: "FRAME_OVERSIZED" }),
  );
});
