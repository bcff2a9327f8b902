/** Length of the byte sequences that are compared. */
export const leakBytes = 16;

/** Multipliers of two independent rolling hashes; together 64 bits, so a chance hit is out of the question. */
const [baseA, baseB] = [0x01000193, 0x5bd1e995];

const power = (base: number): number => {
  let value = 1;
  for (let step = 1; step < leakBytes; step += 1) value = Math.imul(value, base);
  return value;
};
const [powerA, powerB] = [power(baseA), power(baseB)];

/** Finds pieces of known data in other bytes. */
export type LeakIndex = {
  /** Remembers every 16 bytes of `bytes` that start at a multiple of `stepBytes`. */
  add(bytes: Uint8Array, stepBytes: number): void;
  /** Counts the offsets of `bytes` at which 16 remembered bytes stand, whatever their alignment. */
  count(bytes: Uint8Array): number;
  readonly size: number;
};

/**
 * Builds an index of byte sequences by rolling hashes (Karp & Rabin 1987).
 *
 * Sequences of one repeated byte are not remembered: zeros are everywhere.
 *
 * @example
 * const index = leakIndex();
 * index.add(Uint8Array.from({ length: 32 }, (_, i) => i), 4);
 * index.count(Uint8Array.from({ length: 20 }, (_, i) => i + 3)); // => 1
 */
export function leakIndex(): LeakIndex {
  const table = hashTable();
  return {
    add(bytes, stepBytes) {
      roll(bytes, (start, a, b) => {
        if (start % stepBytes === 0) table.insert(a, b);
      });
    },
    count(bytes) {
      let hits = 0;
      roll(bytes, (_start, a, b) => {
        if (table.has(a, b)) hits += 1;
      });
      return hits;
    },
    get size() {
      return table.size;
    },
  };
}

/** Calls `visit` with the two hashes of every 16 bytes that are not all equal. */
function roll(bytes: Uint8Array, visit: (start: number, a: number, b: number) => void): void {
  let [a, b, run] = [0, 0, 0];
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    const leaving = index >= leakBytes ? (bytes[index - leakBytes] ?? 0) + 1 : 0;
    a = (Math.imul(a - Math.imul(leaving, powerA), baseA) + byte + 1) | 0;
    b = (Math.imul(b - Math.imul(leaving, powerB), baseB) + byte + 1) | 0;
    run = index > 0 && byte === bytes[index - 1] ? run + 1 : 1;
    if (index >= leakBytes - 1 && run < leakBytes) visit(index - leakBytes + 1, a, b);
  }
}

/** A set of pairs of 32-bit hashes: open addressing in two typed arrays. */
function hashTable(): {
  insert(a: number, b: number): void;
  has(a: number, b: number): boolean;
  readonly size: number;
} {
  let mask = (1 << 16) - 1;
  let [as, bs] = [new Int32Array(mask + 1), new Int32Array(mask + 1)];
  let size = 0;
  const slotOf = (a: number, b: number): number => {
    let slot = (a ^ Math.imul(b, 0x9e3779b1)) & mask;
    while ((as[slot] !== 0 || bs[slot] !== 0) && (as[slot] !== a || bs[slot] !== b)) {
      slot = (slot + 1) & mask;
    }
    return slot;
  };
  const grow = (): void => {
    const [oldA, oldB] = [as, bs];
    mask = 2 * mask + 1;
    [as, bs] = [new Int32Array(mask + 1), new Int32Array(mask + 1)];
    oldA.forEach((a, index) => {
      const b = oldB[index] ?? 0;
      if (a === 0 && b === 0) return;
      const slot = slotOf(a, b);
      as[slot] = a;
      bs[slot] = b;
    });
  };
  return {
    insert(a, b) {
      if (2 * size > mask) grow();
      const slot = slotOf(a, b);
      if (as[slot] === a && bs[slot] === b) return;
      as[slot] = a;
      bs[slot] = b;
      size += 1;
    },
    has(a, b) {
      const slot = slotOf(a, b);
      return as[slot] === a && bs[slot] === b && (a !== 0 || b !== 0);
    },
    get size() {
      return size;
    },
  };
}
