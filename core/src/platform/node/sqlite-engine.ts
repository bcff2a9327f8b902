import { DatabaseSync } from "node:sqlite";
import { EdgeloopError, messageOf } from "../errors.ts";
import type { Row, SqlValue, Statement } from "../store.ts";

/** One call's fate in a shared transaction. */
export type CommitOutcome =
  | { readonly kind: "committed"; readonly changes: readonly number[] }
  | { readonly kind: "failed"; readonly error: EdgeloopError };

/** SQLite in the calling thread. */
export type SqliteEngine = {
  query(sql: string, params: readonly SqlValue[]): readonly Row[];
  /** Runs calls as one transaction and one sync; each call that fails undoes itself alone. */
  commitAll(calls: readonly (readonly Statement[])[]): readonly CommitOutcome[];
  close(): void;
};

/** How a database is opened. */
export type SqliteOptions = {
  /** A file, or `:memory:`. */
  readonly path: string;
  /** Size that the database may not exceed; the disk's own bound when absent. */
  readonly bytesMax?: number;
};

/** How long a call waits for another process (a backup, an inspector) that holds the database. */
const busyTimeoutMs = 5_000;

/** Compiled statements that are kept; a program has a fixed set of statements, far below this. */
const preparedMax = 256;

/**
 * Opens a database with the settings that make an acknowledged commit survive a power cut.
 *
 * @see sqlite.org/wal.html, sqlite.org/pragma.html#pragma_synchronous (FULL syncs the log at every commit)
 * @throws `STORE_FAILED` when the file is no database or cannot be opened.
 */
export function openSqlite({ path, bytesMax }: SqliteOptions): SqliteEngine {
  const db = coded(() => new DatabaseSync(path, { timeout: busyTimeoutMs }));
  coded(() => {
    db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;");
    if (bytesMax !== undefined) limitSize(db, bytesMax);
  });
  const run = statementRunner(db);
  const runCall = (call: readonly Statement[]): readonly number[] =>
    call.map(({ sql, params = [] }) => Number(run(sql).run(...params).changes));
  return {
    query: (sql, params) =>
      coded(() =>
        run(sql)
          .all(...params)
          .map(toRow),
      ),
    commitAll(calls) {
      const together = transaction(db, () =>
        calls.map((call) => savepoint(db, () => runCall(call))),
      );
      if (together.kind === "done") return together.value;
      // A full disk ends the whole transaction; alone, each call shows whether it was the one.
      if (calls.length === 1) return [{ kind: "failed", error: together.error }];
      return calls.flatMap((call) => this.commitAll([call]));
    },
    close: () => db.close(),
  };
}

function limitSize(db: DatabaseSync, bytesMax: number): void {
  const pageBytes = Number(db.prepare("PRAGMA page_size").get()?.["page_size"]);
  db.exec(`PRAGMA max_page_count=${Math.floor(bytesMax / pageBytes)}`);
}

type Prepared = ReturnType<DatabaseSync["prepare"]>;

function statementRunner(db: DatabaseSync): (sql: string) => Prepared {
  const prepared = new Map<string, Prepared>();
  return (sql) => {
    const known = prepared.get(sql);
    if (known) return known;
    const statement = db.prepare(sql);
    // Reading as bigint first, because an integer above 2^53 makes a plain read throw.
    statement.setReadBigInts(true);
    const oldest = prepared.size >= preparedMax ? prepared.keys().next().value : undefined;
    if (oldest !== undefined) prepared.delete(oldest);
    prepared.set(sql, statement);
    return statement;
  };
}

const toRow = (raw: Record<string, SqlValue>): Row => {
  const row: Record<string, SqlValue> = {};
  for (const [name, value] of Object.entries(raw)) row[name] = safeNumber(value);
  return row;
};

const safeNumber = (value: SqlValue): SqlValue => {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
};

type Outcome<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "failed"; readonly error: EdgeloopError };

function transaction<T>(db: DatabaseSync, work: () => T): Outcome<T> {
  try {
    db.exec("BEGIN IMMEDIATE");
    const value = work();
    db.exec("COMMIT");
    return { kind: "done", value };
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    return { kind: "failed", error: storeError(error) };
  }
}

function savepoint(db: DatabaseSync, work: () => readonly number[]): CommitOutcome {
  db.exec("SAVEPOINT call");
  try {
    const changes = work();
    db.exec("RELEASE call");
    return { kind: "committed", changes };
  } catch (error) {
    // Some errors (a full disk) have ended the whole transaction by themselves.
    if (!db.isTransaction) throw error;
    db.exec("ROLLBACK TO call; RELEASE call");
    return { kind: "failed", error: storeError(error) };
  }
}

function coded<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw storeError(error);
  }
}

const full = 13;
const constraint = 19;

/** Translates SQLite's result code (its low byte is the primary one) into ours. */
function storeError(error: unknown): EdgeloopError {
  const result = typeof error === "object" && error && "errcode" in error ? error.errcode : 0;
  const primary = Number(result) & 0xff;
  const reason = messageOf(error);
  const options = { details: { reason }, cause: error };
  if (primary === full) {
    return new EdgeloopError("STORE_FULL", "the store is full; free space and try again", options);
  }
  if (primary === constraint) {
    return new EdgeloopError("STORE_CONSTRAINT", "a row breaks a constraint of its table", options);
  }
  return new EdgeloopError("STORE_FAILED", `the store could not do that: ${reason}`, options);
}
