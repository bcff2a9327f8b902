import { expect, test } from "vitest";
import { cobsDecoder, cobsEncode } from "./cobs.ts";
import { frameBytesMax, lineBytesMax } from "./limits.ts";
import { lineDecoder } from "./line.ts";

test("100 samples of 6 float32 channels fit a frame", () => {
  const frame = new Uint8Array(100 * 6 * 4).fill(7);
  expect(cobsDecoder(frameBytesMax).push(cobsEncode(frame))).toHaveLength(1);
});

test("64 channels of 16 characters fit a line", () => {
  const line = new TextEncoder().encode(`${new Array(64).fill("-1.23456789e+100").join(",")}\n`);
  expect(lineDecoder(lineBytesMax).push(line)).toHaveLength(1);
});
