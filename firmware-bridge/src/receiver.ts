import { cobsDecoder } from "@edgeloop/core/platform";
import type { Frame } from "./frame.ts";
import { decodeFrame, frameBytesMax } from "./frame.ts";

/** What a receiver saw so far. */
export type LinkCounters = {
  /** Frames that were read. */
  readonly frames: number;
  /** Frames that the sender counted and that never came whole. */
  readonly lost: number;
  /** Frames that came twice or late; they are passed over. */
  readonly repeated: number;
  /** Pieces between two zeros that were no frame. */
  readonly damaged: number;
  /** Times the sender started anew. */
  readonly restarts: number;
};

/** The receiving end of the link. */
export type LinkReceiver = {
  /** Takes a chunk of any length; returns the frames that it completed, in order. */
  push(chunk: Uint8Array): readonly Frame[];
  readonly counters: () => LinkCounters;
};

type Refuse = (error: unknown, piece: Uint8Array) => void;

/**
 * Builds a receiver: whatever arrives, it goes on at the next zero byte, and it counts every loss exactly.
 *
 * A frame is lost when a later one of the same session arrives; losses before the first frame that a receiver sees of a
 * session it joined late are not known and not counted.
 *
 * @param refuse Called with what was no frame.
 */
export function linkReceiver(refuse: Refuse): LinkReceiver {
  const decoder = cobsDecoder(frameBytesMax);
  let next: { readonly session: number; readonly sequence: number } | undefined;
  let counters: LinkCounters = { frames: 0, lost: 0, repeated: 0, damaged: 0, restarts: 0 };
  const add = (part: Partial<LinkCounters>): void => {
    counters = {
      frames: counters.frames + (part.frames ?? 0),
      lost: counters.lost + (part.lost ?? 0),
      repeated: counters.repeated + (part.repeated ?? 0),
      damaged: counters.damaged + (part.damaged ?? 0),
      restarts: counters.restarts + (part.restarts ?? 0),
    };
  };
  const accept = (frame: Frame): boolean => {
    const after = { session: frame.session, sequence: (frame.sequence + 1) >>> 0 };
    if (next?.session !== frame.session) {
      // A new session counts from 0: what is missing before this frame was lost.
      add({ frames: 1, ...(next ? { restarts: 1, lost: frame.sequence } : {}) });
      next = after;
      return true;
    }
    const gap = (frame.sequence - next.sequence) >>> 0;
    // Serial number arithmetic (RFC 1982): the upper half of the circle lies in the past.
    if (gap >= 0x8000_0000) {
      add({ repeated: 1 });
      return false;
    }
    add({ frames: 1, lost: gap });
    next = after;
    return true;
  };
  const read = (piece: Uint8Array): readonly Frame[] => {
    try {
      const frame = decodeFrame(piece);
      return accept(frame) ? [frame] : [];
    } catch (error) {
      add({ damaged: 1 });
      refuse(error, piece);
      return [];
    }
  };
  return {
    push: (chunk) => decoder.push(chunk).flatMap(read),
    counters: () => ({
      ...counters,
      damaged: counters.damaged + decoder.counters.malformed + decoder.counters.oversized,
    }),
  };
}
