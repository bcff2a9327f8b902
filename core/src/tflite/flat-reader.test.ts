import { expect, test } from "vitest";
import { utf8 } from "../platform/bytes.ts";
import { flatBytesMax, readFlat } from "./flat-reader.ts";

/** A file from 16-bit words, written by hand after flatbuffers.dev/internals. */
const file = (...words: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(2 * words.length);
  words.forEach((word, index) => {
    new DataView(bytes.buffer).setUint16(2 * index, word, true);
  });
  bytes.set(utf8("TEST").subarray(0, Math.max(0, bytes.length - 4)), 4);
  return bytes;
};
/** Root at 16; its vtable at 8 has two fields, at 4 and 8 of a table of 12 bytes. Then a vector at 28. */
const header = [16, 0, 0, 0, 8, 12, 4, 8, 8, 0];

test("numbers, texts and vectors lie where the table says", () => {
  const bytes = file(...header, 0xfffe, 0xffff, 4, 0, 2, 0, 0x6968, 0);
  const table = readFlat(bytes, "TEST");
  expect(table.number(0, "i32")).toBe(-2);
  expect(table.number(0, "u16")).toBe(0xfffe);
  expect([table.text(1), table.numbers(1, "u8"), table.bytes(1)]).toEqual([
    "hi",
    [0x68, 0x69],
    utf8("hi"),
  ]);
  expect(table.bytes(1)?.buffer).toBe(bytes.buffer);
});

test("what is absent is the default", () => {
  const table = readFlat(file(...header, 0, 0, 4, 0, 0, 0), "TEST");
  expect([table.has(0), table.has(7), table.number(7, "i32", 9), table.text(7)]).toEqual([
    true,
    false,
    9,
    undefined,
  ]);
  expect([table.tables(7), table.texts(7), table.numbers(7, "f32")]).toEqual([[], [], undefined]);
});

test.for([
  ["a file that ends before its letters", [16, 0, 0]],
  ["a root outside", [900, 0, 0, 0]],
  ["a root that points at itself", [0, 0, 0, 0]],
  ["a table without room for its vtable", [8, 0, 0, 0, 0]],
  ["a vtable before the file", [8, 0, 0, 0, 200, 0, 0, 0]],
  ["a vtable of odd length", [16, 0, 0, 0, 7, 12, 4, 8, 8, 0, 0, 0, 4, 0]],
  ["a vtable that claims more than the file", [16, 0, 0, 0, 400, 12, 4, 8, 8, 0, 0, 0, 4, 0]],
  ["a table that claims more than the file", [16, 0, 0, 0, 8, 400, 4, 8, 8, 0, 0, 0, 4, 0]],
] as const)("%s is refused", ([, words]) => {
  expect(() => readFlat(file(...words), "TEST")).toThrow(
    expect.objectContaining({ code: "FLATBUFFER_INVALID" }),
  );
});

test("a file of another kind is refused by its letters", () => {
  expect(() => readFlat(file(...header, 0, 0, 4, 0, 0, 0), "TFL3")).toThrow(
    expect.objectContaining({ message: "expected the identifier TFL3 at byte 4" }),
  );
});

test.for([
  ["a vector longer than the file", [4, 0, 9, 0], "a vector reaches outside the file"],
  ["a claim of 4 GB", [4, 0, 0xffff, 0xffff], "a vector reaches outside the file"],
  ["a vector outside", [400, 0, 0, 0], "a vector reaches outside the file"],
  ["a vector at its own field", [0, 0, 0, 0], "an offset points at itself"],
  ["text that is not UTF-8", [4, 0, 1, 0, 0xff], "a text is not UTF-8"],
] as const)("%s is refused", ([, words, message]) => {
  const table = readFlat(file(...header, 0, 0, ...words), "TEST");
  expect(() => table.text(1)).toThrow(
    expect.objectContaining({ code: "FLATBUFFER_INVALID", message }),
  );
});

test("a field that reaches outside its table is refused", () => {
  const table = readFlat(file(...header, 0, 0, 4, 0, 0, 0), "TEST");
  expect(() => table.number(1, "i64")).toThrow("a field reaches outside its table");
});

test("a number beyond 2^53 is refused, not rounded", () => {
  const bytes = file(16, 0, 0, 0, 6, 12, 4, 0, 8, 0, 1, 0, 0, 0x40);
  expect(() => readFlat(bytes, "TEST").number(0, "u64")).toThrow("beyond 2^53");
});

test("offsets that all point at one long vector are refused before memory runs out", () => {
  // A vector of 2,000 offsets, each to one table with a vector of 2,000 numbers: 4 million values in 16 kB.
  const count = 2000;
  const bytes = new Uint8Array(64 + 8 * count);
  const view = new DataView(bytes.buffer);
  bytes.set(utf8("TEST"), 4);
  view.setUint32(0, 16, true);
  view.setUint16(8, 6, true);
  view.setUint16(10, 8, true);
  view.setUint16(12, 4, true);
  view.setInt32(16, 8, true);
  view.setUint32(20, 4, true);
  view.setUint32(24, count, true);
  const inner = 28 + 4 * count;
  for (let at = 28; at < inner; at += 4) view.setUint32(at, inner - at, true);
  view.setInt32(inner, inner - 8, true);
  view.setUint32(inner + 4, 4, true);
  view.setUint32(inner + 8, count, true);
  const tables = readFlat(bytes, "TEST").tables(0);
  expect(tables).toHaveLength(count);
  expect(() => tables.map((table) => table.numbers(0, "i32"))).toThrow(
    "refers to its parts too often",
  );
});

test("a file of 2 GiB is refused by its length", () => {
  const huge = { length: flatBytesMax + 1 } as Uint8Array;
  expect(() => readFlat(huge, "TEST")).toThrow("below 2 GiB");
});
