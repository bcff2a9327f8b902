import { expect, test } from "vitest";
import { z } from "zod";
import { parseWire, wire } from "./wire-schema.ts";

const schema = z.strictObject({ format: wire.format, at: z.array(wire.count) });
const codeAndField = (value: unknown): unknown => {
  try {
    return parseWire("thing", schema, value);
  } catch (error) {
    const { code, details } = error as { code: string; details: { field?: string } };
    return [code, details.field];
  }
};

test("a refusal names the field; a later format has its own code", () => {
  expect(codeAndField({ format: 1, at: [1, -1] })).toEqual(["MESSAGE_INVALID", "at.1"]);
  expect(codeAndField({ format: 1, at: [0], more: 1 })).toEqual(["MESSAGE_INVALID", ""]);
  expect(codeAndField({ format: 3, anything: true })).toEqual(["FORMAT_UNSUPPORTED", undefined]);
  expect(codeAndField("text")).toEqual(["MESSAGE_INVALID", ""]);
  expect(codeAndField({ format: 1, at: [] })).toEqual({ format: 1, at: [] });
});

test.for<[keyof typeof wire, readonly unknown[], readonly unknown[]]>([
  ["name", ["pump-1"], ["Pump", "a/b", "", "a".repeat(64)]],
  ["sha256", ["0".repeat(64)], ["0".repeat(63), "G".repeat(64)]],
  ["count", [0, 7], [-1, 0.5, Number.NaN, 2 ** 53, "1"]],
  ["positive", [1], [0]],
  ["magnitude", [0.1], [0, Number.POSITIVE_INFINITY, -1]],
  ["timeUs", [-5, 0], [0.5]],
  ["code", ["STORE_FULL"], ["store full", "store_full", "A".repeat(65)]],
  ["value", ["conv/w:0"], ["", "x".repeat(513)]],
  ["counters", [{}, { windows: 3 }], [{ "a b": 1 }, { windows: "3" }]],
  ["blobRef", [{ sha256: "0".repeat(64), bytes: 0 }], [{ sha256: "0".repeat(64) }]],
])("%s takes what it should and nothing else", ([piece, good, bad]) => {
  for (const value of good) expect(wire[piece].safeParse(value).success).toBe(true);
  for (const value of bad) expect(wire[piece].safeParse(value).success).toBe(false);
});
