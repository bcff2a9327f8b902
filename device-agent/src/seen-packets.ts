import { packetsRememberedMax } from "./limits.ts";

/** Remembers which packets of one sensor were seen; QoS 1 delivers at least once. */
export type SeenPackets = {
  /** Says whether a packet with this start came before; from now on it did. */
  repeats(startUs: number): boolean;
};

/**
 * Tells a packet that is delivered again from time that goes back.
 *
 * Bounded: a redelivery follows its first delivery closely.
 *
 * @example
 * const seen = seenPackets();
 * [seen.repeats(1), seen.repeats(2), seen.repeats(1)]; // => [false, false, true]
 */
export function seenPackets(): SeenPackets {
  const starts = new Set<number>();
  return {
    repeats(startUs) {
      if (starts.has(startUs)) return true;
      starts.add(startUs);
      const oldest = starts.size > packetsRememberedMax ? starts.values().next().value : undefined;
      if (oldest !== undefined) starts.delete(oldest);
      return false;
    },
  };
}
