/** Which way a message went, seen from the gateway. */
export type Direction = "up" | "down";

/** One message that crossed between a gateway and the coordinator. */
export type CapturedMessage = {
  readonly gateway: string;
  readonly direction: Direction;
  /**
   * What it is; undefined when it could not be attributed, and then its bytes count as raw. Or how to find out: parsing
   * at once would hold up what the driver measures.
   */
  readonly kind: string | undefined | (() => string | undefined);
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

/** How long parsing may take of each second while a fleet is measured. */
export const attributeMs = 5;

/** Keeps what crossed and adds it up. */
export type CaptureLedger = {
  record(message: CapturedMessage): void;
  /** What is not attributed yet stands in rows of its own. */
  rows(): readonly TrafficRow[];
  /** Attributes what waits, oldest first, until the time is over or nothing waits. */
  attribute(budgetMs: number): void;
  /** Bytes that no parsed message of a known kind accounts for; attributes all that waits. */
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
  const waiting: CapturedMessage[] = [];
  const contents: Uint8Array[] = [];
  let isKept = true;
  const count = (
    kind: string,
    { gateway, direction, wireBytes }: CapturedMessage,
    by: 1 | -1,
  ): void => {
    const key = `${gateway} ${direction} ${kind}`;
    const row = rows.get(key) ?? { gateway, direction, kind, messages: 0, bytes: 0 };
    const messages = row.messages + by;
    if (messages === 0) rows.delete(key);
    else rows.set(key, { ...row, messages, bytes: row.bytes + by * wireBytes });
  };
  const settle = (message: CapturedMessage): void => {
    const { kind } = message;
    count((typeof kind === "function" ? kind() : kind) ?? "raw", message, 1);
  };
  const attribute = (budgetMs: number): void => {
    const endMs = performance.now() + budgetMs;
    let done = 0;
    while (done < waiting.length && performance.now() < endMs) {
      const message = waiting[done];
      done += 1;
      if (!message) continue;
      count(unread, message, -1);
      settle(message);
    }
    waiting.splice(0, done);
  };
  return {
    attribute,
    record(message) {
      if (isKept) contents.push(...message.content);
      if (typeof message.kind !== "function" || !isKept) {
        settle(message);
        return;
      }
      waiting.push(message);
      count(unread, message, 1);
    },
    rows: () => [...rows.values()],
    rawBytes() {
      attribute(Number.POSITIVE_INFINITY);
      return [...rows.values()].reduce((sum, row) => sum + (row.kind === "raw" ? row.bytes : 0), 0);
    },
    contents: () => contents,
    countOnly() {
      attribute(Number.POSITIVE_INFINITY);
      isKept = false;
      contents.length = 0;
    },
  };
}

/** The kind of what nobody has parsed yet. */
const unread = "not read yet";
