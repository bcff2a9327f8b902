/** One message that waits, and what to call when it was taken. */
type Waiting<T> = { readonly item: T; readonly taken: () => void };

/** Hands items from a callback to a generator, and tells the callback when each was consumed. */
export type PacketQueue<T> = {
  /** Resolves `taken` once the consumer asked for the item after this one. */
  push(item: T, taken: () => void): void;
  /** Ends the stream after what waits. */
  end(): void;
  items(): AsyncGenerator<T>;
};

/**
 * Builds the hand-over between a push source and a pulled stream.
 *
 * It holds what the source has not been told to be taken; a source that waits for `taken` before it acknowledges is
 * held back by its own protocol (MQTT: the receive maximum of unacknowledged messages).
 */
export function packetQueue<T>(): PacketQueue<T> {
  const waiting: Waiting<T>[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  return {
    push(item, taken) {
      waiting.push({ item, taken });
      wake();
    },
    end() {
      ended = true;
      wake();
    },
    async *items() {
      for (;;) {
        const next = waiting.shift();
        if (next) {
          yield next.item;
          next.taken();
        } else if (ended) {
          return;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    },
  };
}
