import { cobsEncode } from "@edgeloop/core/platform";
import { encodeFrame } from "./frame.ts";
import type { SamplePayload } from "./sample-payload.ts";
import { encodeSamples } from "./sample-payload.ts";

/** The sending end of the link: the twin of `c/edgeloop_link.c`, byte for byte. */
export type LinkSender = {
  /** Frames one packet of samples: COBS, closed by a zero. */
  samples(payload: SamplePayload): Uint8Array;
};

/**
 * Builds a sender.
 *
 * @param session A number drawn at each start, so that the receiver tells a restart from a loss.
 */
export function linkSender(session: number): LinkSender {
  let sequence = 0;
  return {
    samples(payload) {
      const frame = {
        kind: "samples",
        session,
        sequence,
        payload: encodeSamples(payload),
      } as const;
      sequence = (sequence + 1) >>> 0;
      return cobsEncode(encodeFrame(frame));
    },
  };
}
