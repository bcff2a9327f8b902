/** How long MQTT packets may be, by what follows their fixed header. */
export type PacketBounds = {
  /** The first packet, which comes before anybody knows who sends it. */
  readonly firstBytesMax: number;
  readonly bytesMax: number;
};

/** A remaining length has at most four digits (MQTT 3.1.1 section 2.2.3). */
const digitsMax = 4;

/**
 * Watches a connection's bytes for packets that say they are too long, before anything is kept of them.
 *
 * A parser that waits for whole packets would buffer up to 256 MB of one that never ends.
 *
 * @returns Takes the next bytes of the connection; false from the byte on at which a packet proves too long.
 * @example
 * packetGate({ firstBytesMax: 100, bytesMax: 200 })(Uint8Array.of(0x10, 101)); // => false
 */
export function packetGate({
  firstBytesMax,
  bytesMax,
}: PacketBounds): (chunk: Uint8Array) => boolean {
  let mostBytes = firstBytesMax;
  let skipBytes = 0;
  /** Of the remaining length; -1 while the packet's type is due. */
  let digits = -1;
  let lengthBytes = 0;
  const isHeaderFine = (byte: number): boolean => {
    if (digits < 0) {
      digits = 0;
      lengthBytes = 0;
      return true;
    }
    lengthBytes += (byte % 128) * 128 ** digits;
    digits += 1;
    if (lengthBytes > mostBytes) return false;
    if (byte >= 128) return digits < digitsMax;
    [skipBytes, digits, mostBytes] = [lengthBytes, -1, bytesMax];
    return true;
  };
  return (chunk) => {
    let at = 0;
    while (at < chunk.length) {
      const bodyBytes = Math.min(skipBytes, chunk.length - at);
      skipBytes -= bodyBytes;
      at += bodyBytes;
      const byte = chunk[at];
      if (byte === undefined) return true;
      if (!isHeaderFine(byte)) return false;
      at += 1;
    }
    return true;
  };
}
