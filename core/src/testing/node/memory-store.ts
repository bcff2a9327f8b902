import { EdgeloopError } from "../../platform/errors.ts";
import { openSqlite } from "../../platform/node/sqlite-engine.ts";
import type { Row, Store } from "../../platform/store.ts";

/** Builds a store that lives as long as the object does: SQLite in memory, in the calling thread. */
export function memoryStore(): Store {
  const engine = openSqlite({ path: ":memory:" });
  let open = true;
  const answer = async <T>(read: () => T): Promise<T> => {
    await Promise.resolve();
    return read();
  };
  const closed = (): Promise<never> =>
    Promise.reject(new EdgeloopError("STORE_CLOSED", "the store is closed; open it again"));
  return {
    query: (sql, params = []) =>
      open ? answer((): readonly Row[] => engine.query(sql, params)) : closed(),
    commit(statements) {
      if (!open) return closed();
      const [outcome] = engine.commitAll([statements]);
      if (outcome?.kind === "committed") return Promise.resolve(outcome.changes);
      return Promise.reject(outcome?.error);
    },
    close() {
      if (open) engine.close();
      open = false;
      return Promise.resolve();
    },
  };
}
