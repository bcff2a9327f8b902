import { utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { csvDecoder } from "./csv.ts";

const info = {
  sensor: "board",
  rateHz: 100,
  channels: [
    { name: "x", unit: "g" },
    { name: "y", unit: "g" },
  ],
};
const format = {
  kind: "csv",
  separator: ",",
  columns: [1, 2],
  time: { column: 0, unit: "ms" },
} as const;

test("lines of an Edge Impulse forwarder with a time in milliseconds", () => {
  const samples = csvDecoder(info, format)(utf8("10,0.5,-1\r\n20,1.5,2e-1\r\n\n"), 0);
  expect([...samples.data]).toEqual([0.5, -1, 1.5, Math.fround(0.2)]);
  expect(samples).toMatchObject({ timesUs: Float64Array.of(10_000, 20_000) });
});

test.for([
  ["PAYLOAD_CHANNELS", "10,0.5"],
  ["PAYLOAD_MALFORMED", "10,a,1"],
  ["PAYLOAD_MALFORMED", "10,,1"],
  ["PAYLOAD_CHANNELS", ""],
  ["PAYLOAD_NOT_FINITE", "10,Infinity,1"],
] as const)("%s: %o", ([code, text]) => {
  expect(() => csvDecoder(info, format)(utf8(text), 0)).toThrow(expect.objectContaining({ code }));
});

test("bytes that are not UTF-8 are refused", () => {
  expect(() => csvDecoder(info, format)(Uint8Array.of(0xff, 0xfe), 0)).toThrow(
    expect.objectContaining({ code: "PAYLOAD_MALFORMED" }),
  );
});
