import fc from "fast-check";
import { expect, test } from "vitest";
import { EdgeloopError } from "../platform/errors.ts";
import { protobufFieldsMax } from "../platform/limits.ts";
import { protobufBudget, readMessage } from "./protobuf-reader.ts";
import { messageWriter } from "./protobuf-writer.ts";

// Vectors: protobuf.dev/programming-guides/encoding.
test.for([
  ["field 1 = 150", [0x08, 0x96, 0x01], 150n],
  ["field 1 = -2 as int64", [0x08, 0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1], -2n],
] as const)("%s", ([, bytes, value]) => {
  expect(readMessage(Uint8Array.from(bytes)).int(1)).toBe(value);
});

test("text, packed integers and sub-messages of the guide are read", () => {
  const testing = [0x12, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67];
  expect(readMessage(Uint8Array.from(testing)).text(2)).toBe("testing");
  const packed = [0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05];
  expect(readMessage(Uint8Array.from(packed)).ints(6)).toEqual([3n, 270n, 86942n]);
  const nested = [0x1a, 0x03, 0x08, 0x96, 0x01];
  expect(readMessage(Uint8Array.from(nested)).message(3).int(1)).toBe(150n);
});

test("repeated occurrences: the last scalar wins, messages merge, lists join", () => {
  const bytes = Uint8Array.of(0x08, 1, 0x08, 2, 0x1a, 2, 0x08, 3, 0x1a, 2, 0x10, 4);
  const message = readMessage(bytes);
  expect([message.int(1), message.ints(1)]).toEqual([2n, [1n, 2n]]);
  expect([message.message(3).int(1), message.message(3).int(2)]).toEqual([3n, 4n]);
  expect(message.messages(3)).toHaveLength(2);
});

test("what is absent is zero, as in protobuf", () => {
  const message = readMessage(new Uint8Array(0));
  expect([message.int(1), message.float(2), message.text(3)]).toEqual([0n, 0, ""]);
  expect([message.bytes(4), message.floats(5), message.has(1)]).toEqual([
    new Uint8Array(0),
    [],
    false,
  ]);
});

test("bytes are views, not copies", () => {
  const bytes = Uint8Array.of(0x12, 1, 7);
  expect(readMessage(bytes).bytes(2).buffer).toBe(bytes.buffer);
});

test.for([
  ["a length beyond the message", [0x12, 5, 1]],
  ["a length of 2^63", [0x12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1]],
  ["an endless varint", [0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255]],
  ["a cut varint", [0x08, 128]],
  ["a group", [0x0b]],
  ["field number 0", [0x00, 1]],
  ["a cut fixed field", [0x0d, 1, 2]],
] as const)("%s is refused", ([, bytes]) => {
  expect(() => readMessage(Uint8Array.from(bytes))).toThrow(EdgeloopError);
});

test("a field of another wire type than asked for is refused", () => {
  const message = readMessage(Uint8Array.of(0x08, 1, 0x12, 3, 1, 2, 3, 0x1a, 1, 0xff));
  expect(() => message.text(1)).toThrow("length-delimited");
  expect(() => message.float(1)).toThrow("fixed-width");
  expect(() => message.floats(2)).toThrow("cut");
  expect(() => message.text(3)).toThrow("UTF-8");
});

test("the number of fields of a document is bounded", () => {
  const budget = protobufBudget();
  expect(budget.fields).toBe(protobufFieldsMax);
  budget.fields = 1;
  expect(() => readMessage(Uint8Array.of(0x08, 1, 0x08, 1), budget)).toThrow("too many fields");
});

test("any integers and floats survive writer and reader", () => {
  fc.assert(
    fc.property(
      fc.array(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
      fc.array(fc.float()),
      fc.string({ unit: "grapheme" }),
      (integers, floats, text) => {
        const writer = messageWriter();
        writer.ints(1, integers);
        for (const value of integers) writer.int(2, value);
        writer.floats(3, floats);
        writer.text(4, text);
        const message = readMessage(writer.finish());
        expect(message.ints(1)).toEqual(integers);
        expect(message.ints(2)).toEqual(integers);
        expect(message.floats(3)).toEqual(floats);
        expect(message.text(4)).toBe(text);
      },
    ),
  );
});
