import type { Statement } from "@edgeloop/core/platform";

/** The version of the tables below; a ledger of a later one is refused. */
export const ledgerFormat = 1;

/**
 * Tables of the coordinator's ledger, in SQL that SQLite and PostgreSQL-compatible servers share.
 *
 * `journal` holds the events of rounds, campaigns, rollouts and the policy: their states are folds over it.
 */
export const ledgerSchema: readonly Statement[] = [
  "CREATE TABLE IF NOT EXISTS ledger (format INTEGER NOT NULL PRIMARY KEY)",
  `CREATE TABLE IF NOT EXISTS device (
    device TEXT NOT NULL PRIMARY KEY, public_key BLOB NOT NULL, enrolled_us BIGINT NOT NULL,
    revoked_us BIGINT, reason TEXT)`,
  // One key is one device, for good: a revoked device must not come back under another name, and a token, which is bound
  // to a key, lets in one device.
  "CREATE UNIQUE INDEX IF NOT EXISTS device_key ON device (public_key)",
  `CREATE TABLE IF NOT EXISTS token (
    token TEXT NOT NULL PRIMARY KEY, mac_key BLOB NOT NULL, fleet TEXT NOT NULL,
    expires_us BIGINT NOT NULL, key_id TEXT)`,
  `CREATE TABLE IF NOT EXISTS event (
    device TEXT NOT NULL, sequence BIGINT NOT NULL, code TEXT NOT NULL, sensor_us BIGINT NOT NULL,
    counters TEXT NOT NULL, received_us BIGINT NOT NULL, PRIMARY KEY (device, sequence))`,
  `CREATE TABLE IF NOT EXISTS journal (
    stream TEXT NOT NULL, position BIGINT NOT NULL, event TEXT NOT NULL, code TEXT NOT NULL,
    PRIMARY KEY (stream, position))`,
  `CREATE TABLE IF NOT EXISTS round (
    round TEXT NOT NULL, attempt BIGINT NOT NULL, campaign TEXT NOT NULL, number BIGINT NOT NULL,
    plan_hash TEXT NOT NULL, plan BLOB NOT NULL, rules TEXT NOT NULL, code TEXT NOT NULL,
    opened_us BIGINT NOT NULL, PRIMARY KEY (round, attempt))`,
  `CREATE TABLE IF NOT EXISTS announced (
    round TEXT NOT NULL, attempt BIGINT NOT NULL, device TEXT NOT NULL, payload TEXT NOT NULL,
    bytes BIGINT NOT NULL, examples BIGINT NOT NULL, envelope BLOB NOT NULL,
    PRIMARY KEY (round, attempt, device))`,
  `CREATE TABLE IF NOT EXISTS release (
    manifest TEXT NOT NULL PRIMARY KEY, line TEXT NOT NULL, version BIGINT NOT NULL,
    target TEXT NOT NULL, rollout TEXT NOT NULL, campaign TEXT, released_us BIGINT NOT NULL)`,
].map((sql) => ({ sql }));
