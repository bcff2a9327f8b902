/** Which way a message went, seen from the gateway. */
export type Direction = "up" | "down";

/** One message that crossed between a gateway and the coordinator. */
export type CapturedMessage = {
  readonly gateway: string;
  readonly direction: Direction;
  /** What it is; undefined when it could not be attributed, and then its bytes count as raw. */
  readonly kind: string | undefined;
  /** Bytes on the wire, envelope included. */
  readonly wireBytes: number;
  /** All that the message says, for the search. */
  readonly content: readonly Uint8Array[];
};

/** Bytes by gateway, direction and kind. */
export type TrafficRow = {
  readonly gateway: string;
  readonly direction: Direction;
  readonly kind: string;
  readonly messages: number;
  readonly bytes: number;
};

/** Keeps what crossed and adds it up. */
export type CaptureLedger = {
  record(message: CapturedMessage): void;
  rows(): readonly TrafficRow[];
  /** Bytes that no parsed message of a known kind accounts for. */
  rawBytes(): number;
  /** Everything that was said, for the search. */
  contents(): Iterable<Uint8Array>;
  /** Lets go of what was said and goes on adding up: a fleet that is watched without end is not searched. */
  countOnly(): void;
};

/**
 * Builds a ledger of what crosses.
 *
 * @example
 * const ledger = captureLedger();
 * ledger.record({ gateway: "g1", direction: "up", kind: undefined, wireBytes: 7, content: [] });
 * ledger.rawBytes(); // => 7
 */
export function captureLedger(): CaptureLedger {
  const rows = new Map<string, TrafficRow>();
  const contents: Uint8Array[] = [];
  let isKept = true;
  return {
    record({ gateway, direction, kind = "raw", wireBytes, content }) {
      const key = `${gateway} ${direction} ${kind}`;
      const row = rows.get(key) ?? { gateway, direction, kind, messages: 0, bytes: 0 };
      rows.set(key, { ...row, messages: row.messages + 1, bytes: row.bytes + wireBytes });
      if (isKept) contents.push(...content);
    },
    rows: () => [...rows.values()],
    rawBytes: () =>
      [...rows.values()].reduce((sum, row) => sum + (row.kind === "raw" ? row.bytes : 0), 0),
    contents: () => contents,
    countOnly() {
      isKept = false;
      contents.length = 0;
    },
  };
}
