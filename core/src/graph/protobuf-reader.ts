import { concatBytes, fromUtf8 } from "../platform/bytes.ts";
import { EdgeloopError } from "../platform/errors.ts";
import { protobufFieldsMax, protobufListMax } from "../platform/limits.ts";

/** What is left of `protobufFieldsMax` for one document; shared by its messages. */
export type ProtobufBudget = { fields: number };

/** Starts the budget of one document. */
export const protobufBudget = (): ProtobufBudget => ({ fields: protobufFieldsMax });

type Wire = { readonly kind: "varint"; readonly value: bigint } | WireBytes;
/** `fixed` are 4 or 8 raw bytes, `bytes` a length-delimited field. */
type WireBytes = { readonly kind: "fixed" | "bytes"; readonly value: Uint8Array };

/**
 * A protobuf message whose fields were found and whose lengths were checked, but whose content is read when asked.
 * Nothing is copied. A scalar that is absent is 0, `""` or no bytes, as in protobuf.
 */
export type Message = {
  has(field: number): boolean;
  /** The last value of an integer field (64 bits, signed). */
  int(field: number): bigint;
  /** All values of an integer field, packed or not; at most `protobufListMax`. */
  ints(field: number): bigint[];
  /** All values of an integer field that holds a tensor's elements, packed or not. */
  int64s(field: number): BigInt64Array<ArrayBuffer>;
  /** The last value of a float field. */
  float(field: number): number;
  /** All values of a float field, packed or not. */
  floats(field: number): number[];
  /** All values of a double field, packed or not. */
  doubles(field: number): number[];
  bytes(field: number): Uint8Array;
  bytesAll(field: number): Uint8Array[];
  /** The last value of a text field. */
  text(field: number): string;
  texts(field: number): string[];
  /** A sub-message; several occurrences are merged by joining their bytes, as protobuf defines. */
  message(field: number): Message;
  messages(field: number): Message[];
};

/**
 * Reads the fields of a message.
 *
 * @throws `PROTOBUF_INVALID` when a length, a tag or a varint lies, when text is not UTF-8, or when a field has
 * another wire type than asked for.
 * @see https://protobuf.dev/programming-guides/encoding/
 * @example
 * readMessage(Uint8Array.of(0x08, 0x96, 0x01)).int(1); // => 150n
 */
export function readMessage(bytes: Uint8Array, budget: ProtobufBudget = protobufBudget()): Message {
  const fields = scan(bytes, budget);
  const all = (field: number): readonly Wire[] => fields.get(field) ?? [];
  const bytesAll = (field: number): Uint8Array[] =>
    all(field).map((wire) => {
      if (wire.kind === "bytes") return wire.value;
      throw invalid("expected a length-delimited field", { field });
    });
  const int64s = (field: number): BigInt64Array<ArrayBuffer> => {
    const wires = all(field);
    const values = new BigInt64Array(wires.reduce((sum, wire) => sum + countVarints(wire), 0));
    let at = 0;
    for (const wire of wires) at += varintsInto(wire, values, at);
    return values;
  };
  // Every value that is an object of its own takes thirty times its byte: lists of those are bounded.
  const ints = (field: number): bigint[] => {
    const values = int64s(field);
    if (values.length <= protobufListMax) return [...values];
    throw invalid("too many numbers in a list", { field, max: protobufListMax });
  };
  const fixed = (field: number, width: 4 | 8): number[] =>
    all(field).flatMap((wire) => {
      if (wire.kind === "varint") throw invalid("expected a fixed-width field", { field });
      return fixedOf(wire.value, width);
    });
  return {
    has: (field) => fields.has(field),
    int(field) {
      const last = all(field).at(-1);
      return last?.kind === "varint" ? last.value : (int64s(field).at(-1) ?? 0n);
    },
    ints,
    int64s,
    float: (field) => fixed(field, 4).at(-1) ?? 0,
    floats: (field) => fixed(field, 4),
    doubles: (field) => fixed(field, 8),
    bytes: (field) => bytesAll(field).at(-1) ?? new Uint8Array(0),
    bytesAll,
    text: (field) => textOf(bytesAll(field).at(-1) ?? new Uint8Array(0)),
    texts: (field) => bytesAll(field).map(textOf),
    message: (field) => {
      const [first, ...rest] = bytesAll(field);
      const whole = rest.length === 0 ? first : concatBytes([first ?? new Uint8Array(0), ...rest]);
      return readMessage(whole ?? new Uint8Array(0), budget);
    },
    messages: (field) => bytesAll(field).map((part) => readMessage(part, budget)),
  };
}

function scan(bytes: Uint8Array, budget: ProtobufBudget): Map<number, Wire[]> {
  const fields = new Map<number, Wire[]>();
  let at = 0;
  const varint = (): bigint => {
    const read = varintAt(bytes, at);
    at = read.end;
    return read.value;
  };
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw invalid("a field is longer than its message", { at });
    const part = bytes.subarray(at, at + length);
    at += length;
    return part;
  };
  const wireOf = (type: number): Wire => {
    if (type === 0) return { kind: "varint", value: BigInt.asIntN(64, varint()) };
    if (type === 1) return { kind: "fixed", value: take(8) };
    if (type === 2) return { kind: "bytes", value: take(Number(varint())) };
    if (type === 5) return { kind: "fixed", value: take(4) };
    throw invalid("unknown wire type", { at, type });
  };
  while (at < bytes.length) {
    budget.fields -= 1;
    if (budget.fields < 0) throw invalid("too many fields", { max: protobufFieldsMax });
    const tag = Number(varint());
    const field = Math.floor(tag / 8);
    if (field < 1 || field > 0x1fffffff) throw invalid("field number out of range", { at });
    const wire = wireOf(tag % 8);
    const known = fields.get(field);
    if (known === undefined) fields.set(field, [wire]);
    else known.push(wire);
  }
  return fields;
}

function varintAt(bytes: Uint8Array, from: number): { value: bigint; end: number } {
  let small = 0;
  let large = 0n;
  for (let i = 0; i < 10; i += 1) {
    const byte = bytes[from + i];
    if (byte === undefined) break;
    // Up to 49 bits a plain number is exact; most varints are that short.
    if (i < 7) small += (byte & 0x7f) * 2 ** (7 * i);
    else large |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte < 0x80) return { value: BigInt.asUintN(64, large + BigInt(small)), end: from + i + 1 };
  }
  throw invalid("a varint does not end", { at: from });
}

/** Counts the integers of a field: each ends in a byte below 128. */
function countVarints(wire: Wire): number {
  if (wire.kind === "varint") return 1;
  if (wire.kind === "fixed") throw invalid("expected an integer field");
  let count = 0;
  for (const byte of wire.value) if (byte < 0x80) count += 1;
  return count;
}

/** Reads the integers of a field into their place; returns how many. */
function varintsInto(wire: Wire, values: BigInt64Array, start: number): number {
  if (wire.kind === "varint") {
    values[start] = wire.value;
    return 1;
  }
  let count = 0;
  for (let at = 0; at < wire.value.length; count += 1) {
    const { value, end } = varintAt(wire.value, at);
    values[start + count] = value;
    at = end;
  }
  return count;
}

function fixedOf(bytes: Uint8Array, width: 4 | 8): number[] {
  if (bytes.length % width !== 0) throw invalid("packed numbers are cut", { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.length / width }, (_, i) =>
    width === 4 ? view.getFloat32(4 * i, true) : view.getFloat64(8 * i, true),
  );
}

function textOf(bytes: Uint8Array): string {
  try {
    return fromUtf8(bytes);
  } catch (cause) {
    throw invalid("text must be UTF-8", {}, cause);
  }
}

const invalid = (message: string, details = {}, cause?: unknown): EdgeloopError =>
  new EdgeloopError("PROTOBUF_INVALID", message, { details, cause });
