import { expect, test } from "vitest";
import { messageWriter } from "./protobuf-writer.ts";

// Vectors: protobuf.dev/programming-guides/encoding.
test("integers, text, packed lists and sub-messages have the guide's bytes", () => {
  const writer = messageWriter();
  writer.int(1, 150);
  writer.text(2, "testing");
  writer.message(3, (inner) => inner.int(1, 150));
  writer.ints(6, [3, 270, 86942]);
  expect([...writer.finish()]).toEqual([
    0x08, 0x96, 0x01, 0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67, 0x1a, 0x03, 0x08, 0x96,
    0x01, 0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05,
  ]);
  expect(writer.length()).toBe(25);
});

test("a negative integer takes ten bytes, a large one its own length", () => {
  const negative = messageWriter();
  negative.int(1, -2);
  expect([...negative.finish()]).toEqual([8, 0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
  const large = messageWriter();
  large.int(1, 2 ** 31);
  expect([...large.finish()]).toEqual([8, 0x80, 0x80, 0x80, 0x80, 0x08]);
});

test("an empty list writes nothing, a float four bytes", () => {
  const writer = messageWriter();
  writer.ints(1, []);
  writer.floats(2, []);
  writer.float(3, 1);
  expect([...writer.finish()]).toEqual([0x1d, 0, 0, 0x80, 0x3f]);
});
