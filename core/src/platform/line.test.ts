import fc from "fast-check";
import { expect, test } from "vitest";
import { utf8 } from "./bytes.ts";
import { lineDecoder } from "./line.ts";

const lines = fc.array(
  fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }).filter((s) => !/[\r\n]/.test(s)),
  { maxLength: 10 },
);

test("any lines come back whole however the stream is chunked", () => {
  fc.assert(
    fc.property(
      lines,
      fc.constantFrom("\n", "\r\n"),
      fc.integer({ min: 1, max: 50 }),
      (...args) => {
        const [sent, ending, chunkBytes] = args;
        const stream = utf8(sent.map((line) => line + ending).join(""));
        const decoder = lineDecoder(1000);
        const received: string[] = [];
        for (let at = 0; at < stream.length; at += chunkBytes) {
          received.push(...decoder.push(stream.subarray(at, at + chunkBytes)));
        }
        expect([...received, ...decoder.end()]).toEqual(sent);
        expect(decoder.counters.lines).toBe(sent.length);
      },
    ),
  );
});

test("a source that ends without a line feed still gives its last line", () => {
  const decoder = lineDecoder(80);
  expect(decoder.push(utf8("a\nb"))).toEqual(["a"]);
  expect(decoder.end()).toEqual(["b"]);
  expect(decoder.end()).toEqual([]);
});

test("an endless line is skipped and counted once, and the next one is read", () => {
  const decoder = lineDecoder(10);
  for (let i = 0; i < 100; i += 1) expect(decoder.push(utf8("xxxxx"))).toEqual([]);
  expect(decoder.push(utf8("\nok\n"))).toEqual(["ok"]);
  expect(decoder.counters).toEqual({ lines: 1, malformed: 0, oversized: 1 });
});

test("a line of the bound passes with either ending and one byte more does not", () => {
  const decoder = lineDecoder(3);
  expect(decoder.push(utf8("abc\r\nabc\nabcd\nabcd\r\n"))).toEqual(["abc", "abc"]);
  expect(decoder.counters.oversized).toBe(2);
});

test("bytes that are not UTF-8 are counted and the stream goes on", () => {
  const decoder = lineDecoder(80);
  expect(decoder.push(Uint8Array.of(0xff, 0xfe, 0x0a, 0x61, 0x0a))).toEqual(["a"]);
  expect(decoder.counters.malformed).toBe(1);
});

test("a decoded line does not change when the caller reuses its chunk", () => {
  const decoder = lineDecoder(80);
  const chunk = utf8("ab");
  decoder.push(chunk);
  chunk.fill(0x7a);
  expect(decoder.push(utf8("c\n"))).toEqual(["abc"]);
});
