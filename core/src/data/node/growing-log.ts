import { dirname } from "node:path";
import type { Clock } from "../../platform/clock.ts";
import type { FileSystem } from "../../platform/node/file-system.ts";
import type { LogEntry } from "../recording-log.ts";
import { encodeLogEntry } from "../recording-log.ts";

/** A log that is being written. */
export type GrowingLog = {
  readonly path: string;
  /** Rows in it. */
  readonly rows: number;
  /**
   * Writes an entry; resolves when the process's end cannot take it any more, with `synced` when a power cut cannot
   * either.
   */
  append(entry: LogEntry, synced?: "synced"): Promise<void>;
  close(): Promise<void>;
};

/** How a log is kept. */
export type GrowingLogOptions = {
  readonly clock: Clock;
  /** Longest time that entries stay unsynced while others come. */
  readonly syncIntervalMs: number;
  readonly fileSystem: FileSystem;
};

/** Begins an empty log. */
export async function beginLog(path: string, options: GrowingLogOptions): Promise<GrowingLog> {
  const { clock, syncIntervalMs, fileSystem } = options;
  const file = await fileSystem.create(path);
  let syncedMs = clock.monotonicMs();
  let isNamed = false;
  let rows = 0;
  const sync = async (): Promise<void> => {
    await file.sync();
    if (!isNamed) await fileSystem.syncDirectory(dirname(path));
    isNamed = true;
    syncedMs = clock.monotonicMs();
  };
  return {
    path,
    get rows() {
      return rows;
    },
    async append(entry, synced) {
      await file.write(encodeLogEntry(entry));
      if (entry.kind === "rows") rows += entry.timesUs.length;
      if (synced || clock.monotonicMs() - syncedMs >= syncIntervalMs) await sync();
    },
    close: () => file.close(),
  };
}
