import { expect, test } from "vitest";
import { packetsRememberedMax } from "./limits.ts";
import { seenPackets } from "./seen-packets.ts";

test("every packet of a redelivered stretch repeats", () => {
  const seen = seenPackets();
  const starts = Array.from({ length: 500 }, (_, index) => index * 100_000);
  expect(starts.map(seen.repeats).some(Boolean)).toBe(false);
  expect(starts.slice(100).map(seen.repeats).every(Boolean)).toBe(true);
});

test("memory is bounded: the oldest are forgotten", () => {
  const seen = seenPackets();
  for (let start = 0; start <= packetsRememberedMax; start += 1) seen.repeats(start);
  expect([seen.repeats(packetsRememberedMax), seen.repeats(0)]).toEqual([true, false]);
});
