import { EdgeloopError } from "../errors.ts";
import type { Store } from "../store.ts";
import type { SqliteOptions } from "./sqlite-engine.ts";
import type { SqliteWorkerApi } from "./sqlite-worker.ts";
import { openWorkerLink } from "./worker-link.ts";

/**
 * Opens a SQLite database in its own worker thread, because SQLite blocks while it syncs.
 *
 * Write-ahead log, `synchronous=FULL`; commits that arrive while one syncs share the next sync. Integers beyond 2^53
 * come back as `bigint`. A store whose thread died answers `STORE_FAILED` for good: open it again.
 *
 * @throws `STORE_FAILED` when the file is no database or cannot be opened.
 */
export async function openSqliteStore(
  path: string,
  options: Omit<SqliteOptions, "path"> = {},
): Promise<Store> {
  const link = openWorkerLink<SqliteWorkerApi>({
    entry: import.meta.resolve("#store-worker"),
    diedCode: "STORE_FAILED",
    workerData: { path, ...options } satisfies SqliteOptions,
  });
  await link.call((worker) => worker.ready());
  let closing: Promise<void> | undefined;
  const open = (): void => {
    if (closing !== undefined)
      throw new EdgeloopError("STORE_CLOSED", "the store is closed; open it again");
  };
  const underWay = new Set<Promise<unknown>>();
  const tracked = async <T>(call: Promise<T>): Promise<T> => {
    underWay.add(call);
    try {
      return await call;
    } finally {
      underWay.delete(call);
    }
  };
  return {
    async query(sql, params = []) {
      open();
      return await tracked(link.call((worker) => worker.query(sql, params)));
    },
    async commit(statements) {
      open();
      return await tracked(link.call((worker) => worker.commit(statements)));
    },
    async close() {
      closing ??= Promise.allSettled([...underWay])
        .then(() => link.call((worker) => worker.close()))
        .finally(() => link.terminate());
      await closing;
    },
  };
}
