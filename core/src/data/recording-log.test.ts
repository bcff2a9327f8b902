import { expect, test } from "vitest";
import { concatBytes } from "../platform/bytes.ts";
import type { LogEntry } from "./recording-log.ts";
import { decodeLog, encodeLogEntry } from "./recording-log.ts";

const entries: readonly LogEntry[] = [
  { kind: "rows", timesUs: Float64Array.of(1, 2.5), data: Float32Array.of(1, 2, 3, 4) },
  { kind: "label", label: { startUs: 1, endUs: 3, label: "ä", by: "me" } },
  { kind: "rows", timesUs: new Float64Array(), data: new Float32Array() },
  { kind: "rows", timesUs: Float64Array.of(9), data: Float32Array.of(-1, Number.MAX_VALUE) },
];
const encoded = entries.map(encodeLogEntry);
const log = concatBytes(encoded);

test("what was written is read back", () => {
  expect(decodeLog(log, 2)).toEqual({ entries, bytesRead: log.length });
});

test("a log that is cut anywhere gives its whole entries and nothing else", () => {
  const ends = encoded.map((_, index) =>
    encoded.slice(0, index + 1).reduce((sum, bytes) => sum + bytes.length, 0),
  );
  for (let length = 0; length <= log.length; length += 1) {
    const whole = ends.filter((end) => end <= length).length;
    expect(decodeLog(log.slice(0, length), 2).entries, `${length}`).toEqual(
      entries.slice(0, whole),
    );
  }
});

test("a byte that changed ends the log before its entry", () => {
  for (let at = 0; at < log.length; at += 1) {
    const damaged = log.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    const found = decodeLog(damaged, 2).entries;
    expect(found.length, `${at}`).toBeLessThan(entries.length);
    expect(found).toEqual(entries.slice(0, found.length));
  }
});

test("rows of another number of channels are not rows", () => {
  expect(decodeLog(log, 3)).toEqual({ entries: [], bytesRead: 0 });
});
