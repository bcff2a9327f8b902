import type { SensorInfo } from "@edgeloop/core/data";
import type { Decode } from "./decoder.ts";

/** Share of a deviation that is taken over at once: a clock that runs 5 % off is followed within a packet's length. */
const correction = 1 / 16;

/** A packet that is so late came after a pause, not through a slow network. */
const lateUsMax = 500_000;

/** How far back a stream may be drawn a packet, in samples: what is further back would be refused as old. */
const backSamplesMax = 0.25;

/**
 * Takes the jitter out of payloads that carry no time of their own.
 *
 * When such a payload was taken is known only by when it came, and networks and busy machines shift that by more than a
 * sample. Packets therefore follow each other at the sensor's rate, drawn slowly towards the times at which they came; a
 * pause starts anew.
 */
export function steadyArrival(info: SensorInfo, decode: Decode): Decode {
  let nextUs: number | undefined;
  return (payload, receivedUs) => {
    const samples = decode(payload, receivedUs);
    const { periodUs, data } = samples;
    if (periodUs === undefined) return samples;
    const lateUs = nextUs === undefined ? lateUsMax : samples.startUs - nextUs;
    const startUs =
      nextUs === undefined || lateUs >= lateUsMax
        ? samples.startUs
        : Math.round(nextUs + Math.max(lateUs * correction, -backSamplesMax * periodUs));
    nextUs = startUs + (data.length / info.channels.length) * periodUs;
    return { ...samples, startUs };
  };
}
