import type { Refusal } from "@edgeloop/core/data";
import type { Log, Statement, Store } from "@edgeloop/core/platform";
import type { DiskGuard } from "./disk-guard.ts";
import { quarantineBatchMax, quarantinePayloadBytesMax } from "./limits.ts";
import type { Meter } from "./meter.ts";

/** Keeps refused payloads, within a bound, for whoever looks for the cause. */
export type Quarantine = {
  /** Never fails and never waits. */
  add(sensor: string, refusal: Refusal): void;
  /** Resolves once what was added so far is on disk or given up. */
  settled(): Promise<void>;
};

type Entry = Refusal & { readonly sensor: string };

/** Bytes that an entry is taken to need beside its payload. */
const entryBytes = 256;

/**
 * Opens the quarantine.
 *
 * @param bytesMax Bound on all kept payloads; the oldest go first. 0 keeps none.
 */
export function openQuarantine({
  store,
  disk,
  bytesMax,
  meter,
  log,
}: {
  readonly store: Pick<Store, "query">;
  readonly disk: Pick<DiskGuard, "commit">;
  readonly bytesMax: number;
  readonly meter: Meter;
  readonly log: Log;
}): Quarantine {
  let waiting: Entry[] = [];
  let writing = Promise.resolve();
  let scheduled = false;

  const write = async (): Promise<void> => {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    try {
      const outcome = await disk.commit(batch.map(insert));
      if (outcome === "full") meter.add("quarantineDropped", [], batch.length);
      else await trim();
    } catch (error) {
      meter.add("quarantineDropped", [], batch.length);
      log.error("quarantine-failed", { error });
    }
  };

  const trim = async (): Promise<void> => {
    const rows = await store.query(overBoundSql, [entryBytes, bytesMax]);
    const last = rows[0]?.["id"];
    if (last === undefined || last === null) return;
    await disk.commit([{ sql: "DELETE FROM quarantine WHERE id <= ?", params: [last] }]);
    meter.add("quarantineDropped", [], Number(rows[0]?.["n"] ?? 0));
  };

  return {
    settled: () => writing,
    add(sensor, refusal) {
      meter.add("refused", [sensor, refusal.code]);
      if (bytesMax === 0 || waiting.length >= quarantineBatchMax) {
        meter.add("quarantineDropped");
        return;
      }
      waiting.push({ ...refusal, sensor });
      if (scheduled) return;
      scheduled = true;
      writing = writing.then(write);
    },
  };
}

const insert = (entry: Entry): Statement => ({
  sql: "INSERT INTO quarantine (sensor, code, message, at_us, payload) VALUES (?, ?, ?, ?, ?)",
  params: [
    entry.sensor,
    entry.code,
    entry.message.slice(0, entryBytes),
    entry.atUs,
    (entry.payload ?? new Uint8Array()).slice(0, quarantinePayloadBytesMax),
  ],
});

// The newest entries whose sum fits are kept; `id` is the newest that does not fit.
const overBoundSql = `SELECT MAX(id) AS id, COUNT(*) AS n FROM (
  SELECT id, SUM(LENGTH(payload) + ?) OVER (ORDER BY id DESC) AS total FROM quarantine) AS sums WHERE total > ?`;
