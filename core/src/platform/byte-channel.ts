/** A two-way stream of bytes: a serial port, a socket, a pseudo-terminal or a pair in memory. */
export type ByteChannel = {
  /** Chunks as they arrive, of any length; ends when the other side is gone. */
  readonly incoming: AsyncIterable<Uint8Array>;
  /** Resolves once the bytes were handed on. */
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
};
