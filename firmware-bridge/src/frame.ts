import { crc32c, EdgeloopError } from "@edgeloop/core/platform";

/** Version of the frame's layout. */
export const frameVersion = 1;

/** Bytes of a frame's payload: 1000 samples of 16 int16 channels and their head. */
export const framePayloadBytesMax: number = 32 * 1024;

/** Bytes before the payload. */
export const frameHeadBytes = 12;

/** Bytes after the payload: CRC-32C. */
const frameTailBytes = 4;

/** Longest frame before COBS. */
export const frameBytesMax: number = frameHeadBytes + framePayloadBytesMax + frameTailBytes;

/** What a frame carries, by its number on the wire. */
export const frameKinds = { samples: 1 } as const;

/** Names what a frame carries. */
export type FrameKind = keyof typeof frameKinds;

/**
 * One message of the link.
 *
 * `session` is drawn anew when the sender starts, and `sequence` counts its frames from 0, so that the receiver tells a
 * restart from a loss.
 */
export type Frame = {
  readonly kind: FrameKind;
  readonly session: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
};

/**
 * Lays a frame out: version, kind, two zero bytes, session and sequence (uint32), payload, CRC-32C; little-endian.
 *
 * @throws `FRAME_OVERSIZED` for a payload over the limit.
 */
export function encodeFrame(frame: Frame): Uint8Array {
  if (frame.payload.length > framePayloadBytesMax) {
    throw new EdgeloopError(
      "FRAME_OVERSIZED",
      `a payload has at most ${framePayloadBytesMax} bytes`,
      {
        details: { bytes: frame.payload.length },
      },
    );
  }
  const bytes = new Uint8Array(frameHeadBytes + frame.payload.length + frameTailBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, frameVersion);
  view.setUint8(1, frameKinds[frame.kind]);
  view.setUint32(4, frame.session, true);
  view.setUint32(8, frame.sequence, true);
  bytes.set(frame.payload, frameHeadBytes);
  const end = bytes.length - frameTailBytes;
  view.setUint32(end, crc32c(bytes.subarray(0, end)), true);
  return bytes;
}

/**
 * Reads a frame.
 *
 * @throws `FRAME_TRUNCATED`, `FRAME_CHECKSUM`, `FRAME_VERSION`, `FRAME_KIND`
 * @example
 * const frame = { kind: "samples", session: 7, sequence: 1, payload: Uint8Array.of(5) };
 * decodeFrame(encodeFrame(frame)); // => frame
 */
export function decodeFrame(bytes: Uint8Array): Frame {
  const end = bytes.length - frameTailBytes;
  if (end < frameHeadBytes) {
    throw new EdgeloopError(
      "FRAME_TRUNCATED",
      "a frame has a head of 12 bytes and a checksum of 4",
      {
        details: { bytes: bytes.length },
      },
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(end, true) !== crc32c(bytes.subarray(0, end))) {
    throw new EdgeloopError("FRAME_CHECKSUM", "the frame's CRC-32C does not match its bytes");
  }
  if (view.getUint8(0) !== frameVersion) {
    throw new EdgeloopError(
      "FRAME_VERSION",
      `expected version ${frameVersion}: update the gateway`,
      {
        details: { version: view.getUint8(0) },
      },
    );
  }
  const kind = kindOf(view.getUint8(1));
  return {
    kind,
    session: view.getUint32(4, true),
    sequence: view.getUint32(8, true),
    payload: bytes.slice(frameHeadBytes, end),
  };
}

function kindOf(code: number): FrameKind {
  if (code === frameKinds.samples) return "samples";
  throw new EdgeloopError("FRAME_KIND", "the frame is of a kind that this version does not know", {
    details: { code },
  });
}
