import fc from "fast-check";
import { expect, test } from "vitest";
import { parseTime } from "./time-text.ts";

test.for([
  ["1657534380473", "ms", 1_657_534_380_473_000],
  ["1657534380.473001", "s", 1_657_534_380_473_001],
  ["1657534380473001", "us", 1_657_534_380_473_001],
  // The examples of RFC 3339 section 5.8 that name no leap second.
  ["1985-04-12T23:20:50.52Z", "iso", 482_196_050_520_000],
  ["1996-12-19T16:39:57-08:00", "iso", 851_042_397_000_000],
  ["2024-02-29 12:00:00,123456", "iso", 1_709_208_000_123_456],
] as const)("%s (%s) is read", ([text, unit, timeUs]) => {
  expect(parseTime(text, unit)).toBe(timeUs);
});

test.for([
  ["", "ms"],
  [" ", "s"],
  ["yesterday", "us"],
  ["1e300", "ms"],
  ["2023-02-29T00:00:00Z", "iso"],
  ["2023-13-01T00:00:00Z", "iso"],
  ["2023-01-01T24:00:00Z", "iso"],
  ["1657534380473", "iso"],
] as const)("%j (%s) is no time", ([text, unit]) => {
  expect(parseTime(text, unit)).toBeUndefined();
});

test("every time that Date writes is read as Date means it", () => {
  const dates = fc.date({
    min: new Date("1900-01-01"),
    max: new Date("2200-01-01"),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(dates, (date) => {
      expect(parseTime(date.toISOString(), "iso")).toBe(date.getTime() * 1000);
    }),
  );
});
