import { EdgeloopError } from "./errors.ts";

/**
 * Encodes a frame so that it holds no zero, and ends it with one.
 *
 * @returns At most `frame.length + ceil(frame.length / 254) + 1` bytes, the closing zero included.
 * @see Cheshire & Baker 1999, "Consistent Overhead Byte Stuffing", IEEE/ACM ToN 7(2)
 * @example
 * cobsEncode(Uint8Array.of(1, 0, 2)); // => Uint8Array.of(2, 1, 2, 2, 0)
 */
export function cobsEncode(frame: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(frame.length + Math.ceil(frame.length / 254) + 2);
  let codeAt = 0;
  let at = 1;
  for (let i = 0; i < frame.length; i += 1) {
    const byte = frame[i]!;
    if (byte !== 0) {
      out[at] = byte;
      at += 1;
    }
    const run = at - codeAt;
    // A full run of 254 bytes stands for itself without a zero; after the last byte no new run is opened.
    if (byte === 0 || (run === 255 && i + 1 < frame.length)) {
      out[codeAt] = run;
      codeAt = at;
      at += 1;
    }
  }
  out[codeAt] = at - codeAt;
  return out.slice(0, at + 1);
}

/** Undoes {@link cobsEncode} for one frame without its closing zero; `undefined` when it is malformed. */
function cobsDecode(encoded: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const out = new Uint8Array(encoded.length);
  let length = 0;
  let at = 0;
  while (at < encoded.length) {
    const code = encoded[at]!;
    const end = at + code;
    if (code === 0 || end > encoded.length) return undefined;
    for (let i = at + 1; i < end; i += 1) {
      if (encoded[i] === 0) return undefined;
      out[length] = encoded[i]!;
      length += 1;
    }
    at = end;
    if (code !== 255 && at < encoded.length) length += 1;
  }
  return out.slice(0, length);
}

/** Cuts a byte stream into frames; what it cannot read is counted and the next zero starts afresh. */
export type CobsDecoder = {
  /** Takes a chunk of any length; returns the frames that it completed. */
  push(chunk: Uint8Array): readonly Uint8Array<ArrayBuffer>[];
  readonly counters: Readonly<CobsCounters>;
};

/** What a decoder saw so far. */
export type CobsCounters = { frames: number; malformed: number; oversized: number };

/**
 * Builds an incremental decoder with bounded memory.
 *
 * Empty frames (two zeros in a row, as a sender writes to resynchronise) are passed over silently.
 *
 * @param frameBytesMax Longest decoded frame; longer ones are counted as oversized and skipped up to the next zero.
 * @throws `FRAME_LIMIT_INVALID` when the bound is not a positive integer.
 */
export function cobsDecoder(frameBytesMax: number): CobsDecoder {
  if (!Number.isSafeInteger(frameBytesMax) || frameBytesMax < 1) {
    throw new EdgeloopError("FRAME_LIMIT_INVALID", "frameBytesMax must be a positive integer", {
      details: { frameBytesMax },
    });
  }
  const buffer = new Uint8Array(frameBytesMax + Math.ceil(frameBytesMax / 254) + 1);
  const counters: CobsCounters = { frames: 0, malformed: 0, oversized: 0 };
  let filled = 0;
  let skipping = false;

  const take = (part: Uint8Array): void => {
    if (skipping || filled + part.length > buffer.length) {
      skipping = true;
      return;
    }
    buffer.set(part, filled);
    filled += part.length;
  };
  const close = (): Uint8Array<ArrayBuffer> | undefined => {
    const frame = skipping ? undefined : cobsDecode(buffer.subarray(0, filled));
    const empty = !skipping && filled === 0;
    const oversized = skipping || (frame?.length ?? 0) > frameBytesMax;
    filled = 0;
    skipping = false;
    if (empty) return undefined;
    if (oversized) counters.oversized += 1;
    else if (frame) counters.frames += 1;
    else counters.malformed += 1;
    return oversized ? undefined : frame;
  };

  return {
    counters,
    push(chunk) {
      const frames: Uint8Array<ArrayBuffer>[] = [];
      let from = 0;
      for (let zero = chunk.indexOf(0); zero !== -1; zero = chunk.indexOf(0, from)) {
        take(chunk.subarray(from, zero));
        const frame = close();
        if (frame) frames.push(frame);
        from = zero + 1;
      }
      take(chunk.subarray(from));
      return frames;
    },
  };
}
