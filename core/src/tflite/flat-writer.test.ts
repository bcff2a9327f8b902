import fc from "fast-check";
import { expect, test } from "vitest";
import { readFlat } from "./flat-reader.ts";
import type { FlatField, FlatFields } from "./flat-writer.ts";
import { writeFlat } from "./flat-writer.ts";

const number = (type: "i8" | "i64" | "f32", value: number): FlatField => ({
  kind: "number",
  type,
  value,
});

test("any numbers, texts, bytes and tables survive writer and reader", () => {
  fc.assert(
    fc.property(
      fc.array(fc.maxSafeInteger()),
      fc.array(fc.integer({ min: -128, max: 127 })),
      fc.uint8Array(),
      fc.string({ unit: "grapheme" }),
      (longs, bytes, data, text) => {
        const child: FlatFields = [undefined, { kind: "numbers", type: "i8", values: bytes }];
        const table = readFlat(
          writeFlat(
            [
              { kind: "text", value: text },
              { kind: "numbers", type: "i64", values: longs },
              { kind: "bytes", value: data, align: 16 },
              { kind: "table", value: child },
              { kind: "tables", values: [child, []] },
            ],
            "TEST",
          ),
          "TEST",
        );
        expect([table.text(0), table.numbers(1, "i64")]).toEqual([text, longs]);
        expect(table.bytes(2)).toEqual(data);
        expect(table.table(3)?.numbers(1, "i8")).toEqual(bytes);
        expect(table.tables(4).map((one) => one.numbers(1, "i8"))).toEqual([bytes, undefined]);
      },
    ),
    { numRuns: 50 },
  );
});

test("each value lies at a multiple of its size, and bytes where they are asked to", () => {
  const bytes = writeFlat(
    [number("i8", 1), number("i64", 2 ** 40), number("f32", 0.5), number("i8", -1)],
    "TEST",
  );
  const root = readFlat(bytes, "TEST");
  expect(root.number(1, "i64")).toBe(2 ** 40);
  const long = bytes.findIndex((_, at) => new DataView(bytes.buffer).getUint8(at + 5) === 1);
  expect(long % 8).toBe(0);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), fc.constantFrom(4, 16, 64), (data, align) => {
      const file = writeFlat(
        [
          { kind: "bytes", value: new Uint8Array(3), align: 1 },
          { kind: "bytes", value: data, align },
        ],
        "TEST",
      );
      expect((readFlat(file, "TEST").bytes(1)?.byteOffset ?? 1) % align).toBe(0);
    }),
    { numRuns: 30 },
  );
});

test("tables of one form share a vtable", () => {
  const rows = (count: number): Uint8Array =>
    writeFlat([{ kind: "tables", values: Array(count).fill([number("i8", 1)]) }], "TEST");
  // Each further table adds an offset, a reference to the vtable and a byte, at multiples of 8.
  expect(rows(11).length - rows(3).length).toBe(8 * (4 + 8));
});
