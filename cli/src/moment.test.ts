import { expect, test } from "vitest";
import { parseMoment } from "./moment.ts";

const nowUs = 1_800_000_000_000_000;

test.for([
  ["now", nowUs],
  ["-1.5s", nowUs - 1_500_000],
  ["-5m", nowUs - 300_000_000],
  ["-2h", nowUs - 7_200_000_000],
  ["0", 0],
  ["1700000000000000", 1_700_000_000_000_000],
  // 2026-01-31T12:00:00Z is 1769860800 seconds after 1970 (date -u +%s).
  ["2026-01-31T12:00:00Z", 1_769_860_800_000_000],
  ["2026-01-31 13:00:00.25+01:00", 1_769_860_800_250_000],
] as const)("%s is a moment", ([text, expectedUs]) => {
  expect(parseMoment(text, nowUs)).toBe(expectedUs);
});

test.for(["", "yesterday", "-5d", "1.5", "12:00"])("%j is wrong usage", (text) => {
  expect(() => parseMoment(text, nowUs)).toThrow(expect.objectContaining({ code: "USAGE" }));
});
