import type { Statement } from "@edgeloop/core/platform";

/** Tables of a gateway's database; creating them again changes nothing. Times are microseconds of sensor time. */
export const gatewayTables: readonly Statement[] = [
  // Windows chosen for learning. `labelled` says whether any label touches the window: those are kept the longest.
  `CREATE TABLE IF NOT EXISTS learning_window (
     sensor TEXT NOT NULL, start_us BIGINT NOT NULL, end_us BIGINT NOT NULL, rate_hz REAL NOT NULL,
     labelled INTEGER NOT NULL, data BLOB NOT NULL, PRIMARY KEY (sensor, start_us))`,
  "CREATE INDEX IF NOT EXISTS learning_window_age ON learning_window (labelled, end_us, start_us)",
  "CREATE INDEX IF NOT EXISTS learning_window_end ON learning_window (sensor, end_us, start_us)",
  // One statement of one author about one stretch: sending it again changes nothing.
  `CREATE TABLE IF NOT EXISTS label (
     sensor TEXT NOT NULL, start_us BIGINT NOT NULL, end_us BIGINT NOT NULL, author TEXT NOT NULL,
     label TEXT NOT NULL, PRIMARY KEY (sensor, start_us, end_us, author))`,
  "CREATE INDEX IF NOT EXISTS label_end ON label (sensor, end_us)",
  `CREATE TABLE IF NOT EXISTS watermark (sensor TEXT PRIMARY KEY, complete_until_us BIGINT NOT NULL)`,
  // Ranges whose windows are held for a campaign, and, once they are complete, the list that its rounds train on.
  `CREATE TABLE IF NOT EXISTS sealed (
     campaign TEXT PRIMARY KEY, start_us BIGINT NOT NULL, end_us BIGINT NOT NULL, entries TEXT, opened INTEGER NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS prediction (
     id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, start_us BIGINT NOT NULL, end_us BIGINT NOT NULL,
     label TEXT NOT NULL, scores TEXT NOT NULL, model TEXT NOT NULL, at_us BIGINT NOT NULL)`,
  "CREATE UNIQUE INDEX IF NOT EXISTS prediction_window ON prediction (sensor, start_us, model)",
  "CREATE TABLE IF NOT EXISTS drift (sensor TEXT PRIMARY KEY, saved TEXT NOT NULL)",
  `CREATE TABLE IF NOT EXISTS event (
     id INTEGER PRIMARY KEY, code TEXT NOT NULL, at_us BIGINT NOT NULL, sensor_us BIGINT, fields TEXT NOT NULL)`,
  `CREATE TABLE IF NOT EXISTS quarantine (
     id INTEGER PRIMARY KEY, sensor TEXT NOT NULL, code TEXT NOT NULL, message TEXT NOT NULL, at_us BIGINT NOT NULL,
     payload BLOB NOT NULL)`,
].map((sql) => ({ sql }));
