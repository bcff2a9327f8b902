import { concatBytes } from "./bytes.ts";

/** Cuts a byte stream into lines of UTF-8; what it cannot read is counted and the next line starts afresh. */
export type LineDecoder = {
  /** Takes a chunk of any length; returns the lines that it completed, without their ends. */
  push(chunk: Uint8Array): readonly string[];
  /** Returns the last line when the source ended without a line feed. */
  end(): readonly string[];
  readonly counters: Readonly<LineCounters>;
};

/** What a decoder saw so far. */
export type LineCounters = { lines: number; malformed: number; oversized: number };

const lineFeed = 0x0a;

/**
 * Builds an incremental line decoder with bounded memory.
 *
 * Lines end in LF or CRLF; empty lines are passed over.
 *
 * @param lineBytesMax Longest line in bytes; longer ones are counted as oversized and skipped.
 * @example
 * lineDecoder(80).push(new TextEncoder().encode("1,2\r\n3")); // => ["1,2"]
 */
export function lineDecoder(lineBytesMax: number): LineDecoder {
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  const counters: LineCounters = { lines: 0, malformed: 0, oversized: 0 };
  let open: Uint8Array[] = [];
  let openBytes = 0;
  let skipping = false;

  const take = (part: Uint8Array): void => {
    if (part.length === 0) return;
    // One byte more than the bound, because it may be the carriage return.
    if (skipping || openBytes + part.length > lineBytesMax + 1) {
      skipping = true;
      open = [];
      return;
    }
    open.push(part.slice());
    openBytes += part.length;
  };
  const close = (): readonly string[] => {
    const bytes = concatBytes(open);
    const line = bytes.at(-1) === 0x0d ? bytes.subarray(0, -1) : bytes;
    const oversized = skipping || line.length > lineBytesMax;
    open = [];
    openBytes = 0;
    skipping = false;
    if (oversized) counters.oversized += 1;
    if (oversized || line.length === 0) return [];
    return decode(line);
  };
  const decode = (line: Uint8Array): readonly string[] => {
    try {
      const text = utf8.decode(line);
      counters.lines += 1;
      return [text];
    } catch {
      counters.malformed += 1;
      return [];
    }
  };

  return {
    counters,
    push(chunk) {
      const lines: string[] = [];
      let from = 0;
      for (let feed = chunk.indexOf(lineFeed); feed !== -1; feed = chunk.indexOf(lineFeed, from)) {
        take(chunk.subarray(from, feed));
        lines.push(...close());
        from = feed + 1;
      }
      take(chunk.subarray(from));
      return lines;
    },
    end: close,
  };
}
