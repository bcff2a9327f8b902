import { expect, test } from "vitest";
import { checkSize, payloadBytesMax, samplesOf } from "./decoder.ts";

const info = {
  sensor: "s",
  rateHz: 1000,
  channels: [
    { name: "x", unit: "V" },
    { name: "y", unit: "V" },
  ],
};
const data = Float32Array.of(1, 2, 3, 4, 5, 6);

test("without a time the last row was taken when the payload came", () => {
  expect(samplesOf(info, { data, timesUs: [] }, 50_000).startUs).toBe(48_000);
});

test("one time is the first row's, a time a row makes the packet irregular", () => {
  expect(samplesOf(info, { data, timesUs: [7] }, 0)).toMatchObject({ startUs: 7, periodUs: 1000 });
  const irregular = samplesOf(info, { data, timesUs: [7, 9, 30] }, 0);
  expect(irregular).toMatchObject({ startUs: 7, timesUs: Float64Array.of(7, 9, 30) });
});

test.for([
  ["PAYLOAD_CHANNELS", Float32Array.of(1, 2, 3), []],
  ["PAYLOAD_CHANNELS", new Float32Array(0), []],
  ["PAYLOAD_NOT_FINITE", Float32Array.of(1, Number.NaN), []],
  ["PAYLOAD_NOT_FINITE", Float32Array.of(Number.POSITIVE_INFINITY, 0), []],
  ["PAYLOAD_MALFORMED", data, [1, 2]],
  ["PAYLOAD_MALFORMED", data, [-5]],
  ["PAYLOAD_MALFORMED", data, [Number.NaN]],
  ["PAYLOAD_OVERSIZED", new Float32Array(200_002), []],
] as const)("%s: values %o with times %o are refused", ([code, values, timesUs]) => {
  expect(() => samplesOf(info, { data: values, timesUs }, 0)).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining("sensor s") }),
  );
});

test("a payload over the limit is refused before anything reads it", () => {
  expect(() => checkSize(info, new Uint8Array(payloadBytesMax))).not.toThrow();
  expect(() => checkSize(info, new Uint8Array(payloadBytesMax + 1))).toThrow(
    expect.objectContaining({ code: "PAYLOAD_OVERSIZED" }),
  );
});
