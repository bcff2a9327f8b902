import { workerData } from "node:worker_threads";
import type { Row, SqlValue, Statement } from "../store.ts";
import type { CommitOutcome, SqliteEngine, SqliteOptions } from "./sqlite-engine.ts";
import { openSqlite } from "./sqlite-engine.ts";
import { serveWorker } from "./worker-link.ts";

type Waiting = {
  readonly statements: readonly Statement[];
  readonly settle: (outcome: CommitOutcome) => void;
};

/** Calls that share one transaction at most; bounds how long the first of them waits. */
const groupMax = 512;

let opened: SqliteEngine | undefined;
let waiting: Waiting[] = [];

// Opened inside a call, so that a failure reaches the caller with its code.
const engine = (): SqliteEngine => {
  opened ??= openSqlite(workerData as SqliteOptions);
  return opened;
};

// Runs after the messages that are already here, so that calls which came while the last group synced share a sync.
function commitGroup(): void {
  const group = waiting.slice(0, groupMax);
  waiting = waiting.slice(groupMax);
  if (waiting.length > 0) setImmediate(commitGroup);
  const outcomes = engine().commitAll(group.map(({ statements }) => statements));
  group.forEach(({ settle }, index) => {
    const outcome = outcomes[index];
    if (outcome) settle(outcome);
  });
}

/** What the store's thread offers. */
export type SqliteWorkerApi = typeof api;

const api = {
  /** Resolves once the database is open, rejects when it cannot be. */
  ready: (): void => {
    engine();
  },
  query: (sql: string, params: readonly SqlValue[]): readonly Row[] => engine().query(sql, params),
  commit: (statements: readonly Statement[]): Promise<readonly number[]> =>
    new Promise((resolve, reject) => {
      const settle = (outcome: CommitOutcome): void => {
        if (outcome.kind === "committed") resolve(outcome.changes);
        else reject(outcome.error);
      };
      if (waiting.length === 0) setImmediate(commitGroup);
      waiting.push({ statements, settle });
    }),
  close: (): void => engine().close(),
};

serveWorker(api);
