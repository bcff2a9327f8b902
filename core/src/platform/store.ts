/** A value that a row can hold. */
export type SqlValue = null | number | bigint | string | Uint8Array;

/** One row, by column name. */
export type Row = Readonly<Record<string, SqlValue>>;

/** One parameterised statement of plain SQL (`?` placeholders). */
export type Statement = { readonly sql: string; readonly params?: readonly SqlValue[] };

/**
 * Rows that survive a power cut.
 *
 * Plain SQL, so that SQLite on a gateway and a PostgreSQL-compatible server behind a coordinator hold the same tables.
 */
export type Store = {
  /** Reads rows. */
  query(sql: string, params?: readonly SqlValue[]): Promise<readonly Row[]>;
  /**
   * Runs statements as one transaction; resolves once they are on disk, with the number of changed rows of each.
   *
   * Concurrent calls may share one sync (group commit); a statement that fails undoes its own call only.
   *
   * @throws `STORE_FULL` when the disk is full, `STORE_CONSTRAINT` on a violated constraint.
   */
  commit(statements: readonly Statement[]): Promise<readonly number[]>;
  /** Stops; later calls reject with `STORE_CLOSED`. */
  close(): Promise<void>;
};
