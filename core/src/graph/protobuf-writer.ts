import { concatBytes, utf8 } from "../platform/bytes.ts";

/**
 * Collects the fields of one protobuf message in the order they are written.
 * Bytes are referred to, not copied, until `finish`. Empty lists write nothing.
 */
export type MessageWriter = {
  int(field: number, value: number | bigint): void;
  /** Writes integers packed. */
  ints(field: number, values: readonly (number | bigint)[]): void;
  float(field: number, value: number): void;
  /** Writes floats packed. */
  floats(field: number, values: readonly number[]): void;
  bytes(field: number, value: Uint8Array): void;
  text(field: number, value: string): void;
  message(field: number, write: (writer: MessageWriter) => void): void;
  /** Bytes so far. */
  length(): number;
  finish(): Uint8Array<ArrayBuffer>;
};

type Parts = { readonly list: Uint8Array[]; length: number };

/**
 * Starts a message. The same calls give the same bytes.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 * @example
 * const writer = messageWriter();
 * writer.int(1, 150);
 * writer.finish(); // => Uint8Array.of(0x08, 0x96, 0x01)
 */
export function messageWriter(): MessageWriter {
  return writerOf({ list: [], length: 0 });
}

function writerOf(parts: Parts): MessageWriter {
  const push = (part: Uint8Array): void => {
    parts.list.push(part);
    parts.length += part.length;
  };
  const tag = (field: number, type: number): void => push(varint(field * 8 + type));
  const delimited = (field: number, value: Uint8Array): void => {
    tag(field, 2);
    push(varint(value.length));
    push(value);
  };
  return {
    int(field, value) {
      tag(field, 0);
      push(varint(value));
    },
    ints(field, values) {
      if (values.length > 0) delimited(field, concatBytes(values.map(varint)));
    },
    float(field, value) {
      tag(field, 5);
      push(float32(value));
    },
    floats(field, values) {
      if (values.length > 0) delimited(field, concatBytes(values.map(float32)));
    },
    bytes: delimited,
    text: (field, value) => delimited(field, utf8(value)),
    message(field, write) {
      const inner: Parts = { list: [], length: 0 };
      write(writerOf(inner));
      tag(field, 2);
      push(varint(inner.length));
      for (const part of inner.list) push(part);
    },
    length: () => parts.length,
    finish: () => concatBytes(parts.list),
  };
}

function float32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return bytes;
}

function varint(value: number | bigint): Uint8Array {
  const bytes: number[] = [];
  if (typeof value === "number" && value >= 0 && value < 2 ** 31) {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  } else {
    let rest = BigInt.asUintN(64, BigInt(value));
    for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
    bytes.push(Number(rest));
  }
  return Uint8Array.from(bytes);
}
