import type { Name, Sha256, Store } from "@edgeloop/core/platform";
import { parseSha256 } from "@edgeloop/core/platform";

/** A trained update that waits for its acknowledgement. */
export type StoredUpdate = {
  readonly envelope: Uint8Array;
  readonly payload: { readonly sha256: Sha256; readonly bytes: number };
};

/** An event that waits for its acknowledgement. */
export type StoredEvent = { readonly sequence: number; readonly envelope: Uint8Array };

/** What a device has promised to tell the coordinator; every promise resolves once it is on disk. */
export type SyncOutbox = {
  /** Numbers an event and keeps its envelope. */
  addEvent(sign: (sequence: number) => Promise<Uint8Array>): Promise<void>;
  /** Events that were not acknowledged, oldest first. */
  events(countMax: number): Promise<readonly StoredEvent[]>;
  removeEvents(upTo: number): Promise<void>;
  /** @param plan Hash of the plan that was trained by. */
  keepUpdate(round: Name, plan: Sha256, update: StoredUpdate): Promise<void>;
  update(round: Name, plan: Sha256): Promise<StoredUpdate | undefined>;
  removeUpdate(round: Name, plan: Sha256): Promise<void>;
};

/** Events kept while the coordinator is away; the oldest leave first, since counters and marks are cumulative. */
export const outboxEventsMax = 10_000;

/** Opens the outbox; its tables are made where they are missing. */
export async function openSyncOutbox(store: Store): Promise<SyncOutbox> {
  await store.commit(
    [
      `CREATE TABLE IF NOT EXISTS sync_event (
        sequence BIGINT NOT NULL PRIMARY KEY, envelope BLOB NOT NULL)`,
      "CREATE TABLE IF NOT EXISTS sync_sequence (last BIGINT NOT NULL)",
      `CREATE TABLE IF NOT EXISTS sync_update (
        round TEXT NOT NULL, plan TEXT NOT NULL, payload TEXT NOT NULL, bytes BIGINT NOT NULL,
        envelope BLOB NOT NULL, PRIMARY KEY (round, plan))`,
    ].map((sql) => ({ sql })),
  );
  const [row] = await store.query("SELECT max(last) AS last FROM sync_sequence");
  const isNew = row?.["last"] === null || row?.["last"] === undefined;
  if (isNew) await store.commit([{ sql: "INSERT INTO sync_sequence (last) VALUES (0)" }]);
  let last = Number(row?.["last"] ?? 0);
  let turn: Promise<unknown> = Promise.resolve();
  const addNow = async (sign: (sequence: number) => Promise<Uint8Array>): Promise<void> => {
    const sequence = last + 1;
    const envelope = await sign(sequence);
    await store.commit([
      { sql: "UPDATE sync_sequence SET last = ?", params: [sequence] },
      {
        sql: "INSERT INTO sync_event (sequence, envelope) VALUES (?, ?)",
        params: [sequence, envelope],
      },
      {
        sql: "DELETE FROM sync_event WHERE sequence <= ?",
        params: [sequence - outboxEventsMax],
      },
    ]);
    last = sequence;
  };
  return {
    addEvent(sign) {
      const done = turn.then(() => addNow(sign));
      turn = done.catch(() => undefined);
      return done;
    },
    async events(countMax) {
      const rows = await store.query(
        "SELECT sequence, envelope FROM sync_event ORDER BY sequence LIMIT ?",
        [countMax],
      );
      return rows.map((entry) => ({
        sequence: Number(entry["sequence"]),
        envelope: bytesOf(entry["envelope"]),
      }));
    },
    async removeEvents(upTo) {
      await store.commit([{ sql: "DELETE FROM sync_event WHERE sequence <= ?", params: [upTo] }]);
    },
    async keepUpdate(round, plan, { envelope, payload }) {
      await store.commit([
        {
          sql: `INSERT INTO sync_update (round, plan, payload, bytes, envelope)
            VALUES (?, ?, ?, ?, ?) ON CONFLICT (round, plan) DO NOTHING`,
          params: [round, plan, payload.sha256, payload.bytes, envelope],
        },
      ]);
    },
    async update(round, plan) {
      const [found] = await store.query("SELECT * FROM sync_update WHERE round = ? AND plan = ?", [
        round,
        plan,
      ]);
      if (found === undefined) return undefined;
      const payload = { sha256: parseSha256(found["payload"]), bytes: Number(found["bytes"]) };
      return { envelope: bytesOf(found["envelope"]), payload };
    },
    async removeUpdate(round, plan) {
      await store.commit([
        { sql: "DELETE FROM sync_update WHERE round = ? AND plan = ?", params: [round, plan] },
      ]);
    },
  };
}

const bytesOf = (value: unknown): Uint8Array =>
  value instanceof Uint8Array ? Uint8Array.from(value) : new Uint8Array();
