import fc from "fast-check";
import { expect, test } from "vitest";
import { csvDecoder, csvRowCharactersMax } from "./csv.ts";

const read = (text: string, chunk = text.length || 1, delimiter = ","): (readonly string[])[] => {
  const decoder = csvDecoder(delimiter);
  const rows: (readonly string[])[] = [];
  for (let at = 0; at < text.length; at += chunk) {
    rows.push(...decoder.push(text.slice(at, at + chunk)).map(({ cells }) => cells));
  }
  return [...rows, ...decoder.end().map(({ cells }) => cells)];
};

// The forms of RFC 4180 section 2, items 1 to 7.
test.for([
  [
    "aaa,bbb\r\nzzz,yyy\r\n",
    [
      ["aaa", "bbb"],
      ["zzz", "yyy"],
    ],
  ],
  [
    "aaa,bbb\nzzz,yyy",
    [
      ["aaa", "bbb"],
      ["zzz", "yyy"],
    ],
  ],
  ['"aaa","bbb"\r\n', [["aaa", "bbb"]]],
  [
    '"aaa","b \r\nbb","ccc"\r\nzzz,yyy,xxx',
    [
      ["aaa", "b \r\nbb", "ccc"],
      ["zzz", "yyy", "xxx"],
    ],
  ],
  ['"aaa","b""bb","ccc"', [["aaa", 'b"bb', "ccc"]]],
  ["a,,b,\n", [["a", "", "b", ""]]],
  ['"",""\n', [["", ""]]],
  [
    "\uFEFFa,b\n\n\nc,d\n",
    [
      ["a", "b"],
      ["c", "d"],
    ],
  ],
] as const)("%j is read as the RFC says", ([text, rows]) => {
  for (const chunk of [1, 3, 1000]) expect(read(text, chunk)).toEqual(rows);
});

test("any cells come back, however they are quoted and cut", () => {
  const cell = fc.string({
    unit: fc.constantFrom("a", '"', ",", "\n", "\r", ";", " "),
    maxLength: 6,
  });
  const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
  fc.assert(
    fc.property(rows, fc.integer({ min: 1, max: 9 }), (cells, chunk) => {
      const text = cells.map(
        (row) => `${row.map((c) => `"${c.replaceAll('"', '""')}"`).join(",")}\n`,
      );
      expect(read(text.join(""), chunk)).toEqual(cells);
    }),
  );
});

test("rows say the line on which they start", () => {
  const rows = csvDecoder().push('a\n"b\nc"\n\nd\n');
  expect(rows.map(({ line }) => line)).toEqual([1, 2, 5]);
});

test("another delimiter is another delimiter", () => {
  expect(read("1,5;2,5\n", 100, ";")).toEqual([["1,5", "2,5"]]);
});

test("a quote that is never closed does not eat memory", () => {
  const decoder = csvDecoder();
  decoder.push("ok\n");
  const endless = `"${"x\n".repeat(csvRowCharactersMax)}`;
  expect(() => decoder.push(endless)).toThrowError(
    expect.objectContaining({ code: "CSV_ROW_TOO_LONG", details: { line: 2 } }),
  );
});
