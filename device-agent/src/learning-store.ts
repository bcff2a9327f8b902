import type { Label, Window, WindowSpec } from "@edgeloop/core/data";
import type { Row, Statement, Store } from "@edgeloop/core/platform";
import { bytesOf, EdgeloopError } from "@edgeloop/core/platform";
import type { LabelMessage } from "./label-message.ts";
import { labelRoom } from "./label-room.ts";
import {
  labelsAheadMax,
  labelsPerWindowMax,
  sealedRangesMax,
  trimIntervalWindows,
  windowSpanUsMax,
} from "./limits.ts";

/** A stretch of sensor time in microseconds, without its end. */
export type TimeRange = { readonly startUs: number; readonly endUs: number };

/** One window of a sealed list, with the label it had when the list was written. */
export type SealedEntry = {
  readonly sensor: string;
  readonly startUs: number;
  readonly label: string;
};

/** How far a sensor's windows and labels reach, in microseconds of sensor time; 0 when there are none. */
export type Reach = { readonly windowsUntilUs: number; readonly labelsUntilUs: number };

/** Windows, labels and lists for learning, over the gateway's database. Bounded; survives a power cut. */
export type LearningStore = {
  /** The statements that keep a window, for the caller's own transaction; none when the store is full of sealed windows. */
  keep(window: Window, spec: WindowSpec): readonly Statement[];
  /**
   * Stores a label or a watermark; resolves once it is on disk. The same message again changes nothing.
   *
   * @throws `LABELS_FULL` when the sensor has its bound of labels and each may still be needed (see `labelRoom`).
   */
  label(message: LabelMessage): Promise<void>;
  /** Drops windows beyond the bound, oldest unlabelled first, never sealed ones; returns how many went. */
  trim(): Promise<number>;
  reach(sensor: string): Promise<Reach>;
  /** Holds a range for a campaign; opening a further one lets the oldest go. */
  seal(campaign: string, range: TimeRange): Promise<void>;
  /** The campaign's list; `undefined` before it was written. */
  list(campaign: string): Promise<readonly SealedEntry[] | undefined>;
  /** Writes the campaign's list; a list once written stays as it is. */
  writeList(campaign: string, entries: readonly SealedEntry[]): Promise<void>;
  /** Starts of the windows inside a range with the labels that touch it, in order of time. */
  windowsWithin(sensor: string, range: TimeRange): Promise<readonly number[]>;
  labelsWithin(sensor: string, range: TimeRange): Promise<readonly Label[]>;
  /**
   * Reads the samples of listed windows, in the order asked.
   *
   * @throws `WINDOW_MISSING` when one is not there any more.
   */
  data(entries: readonly SealedEntry[]): Promise<readonly Float32Array[]>;
  /** Windows on disk at the moment. */
  count(): number;
};

/**
 * Opens the learning tables of a gateway's database (made by `gatewayTables`).
 *
 * @param options `windowsMax`: bound on stored windows. `labelsMax`: bound on labels of one sensor.
 */
export async function openLearningStore(
  store: Store,
  {
    windowsMax,
    labelsMax = labelsAheadMax + labelsPerWindowMax * windowsMax,
  }: { readonly windowsMax: number; readonly labelsMax?: number },
): Promise<LearningStore> {
  const roomForLabel = labelRoom(store, { labelsMax });
  const counted = await store.query("SELECT COUNT(*) AS n FROM learning_window");
  let stored = Number(counted[0]?.["n"] ?? 0);
  let refusing = false;

  return {
    ...lists(store),
    count: () => stored,
    keep(window, spec) {
      if (refusing && stored >= windowsMax) return [];
      stored += 1;
      return [insertWindow(window, spec)];
    },
    async label(message) {
      if (message.kind === "label") await roomForLabel(message.sensor);
      await store.commit(labelStatements(message));
    },
    async trim() {
      const excess = stored - windowsMax;
      if (excess <= -trimIntervalWindows) return 0;
      const [recounted] = await store.query("SELECT COUNT(*) AS n FROM learning_window");
      stored = Number(recounted?.["n"] ?? 0);
      if (stored <= windowsMax) return 0;
      const [dropped = 0] = await store.commit([trimStatement(stored - windowsMax)]);
      stored -= dropped;
      refusing = stored >= windowsMax;
      return dropped;
    },
    async reach(sensor) {
      const [row] = await store.query(reachSql, [sensor, sensor]);
      return { windowsUntilUs: numberOf(row, "w"), labelsUntilUs: numberOf(row, "l") };
    },
    async windowsWithin(sensor, range) {
      const rows = await store.query(
        "SELECT start_us FROM learning_window WHERE sensor = ? AND start_us >= ? AND end_us <= ? ORDER BY start_us",
        [sensor, range.startUs, range.endUs],
      );
      return rows.map((row) => numberOf(row, "start_us"));
    },
    async labelsWithin(sensor, range) {
      const rows = await store.query(
        `SELECT start_us, end_us, label, author FROM label WHERE sensor = ? AND end_us > ? AND start_us < ?
         ORDER BY start_us, end_us, author`,
        [sensor, range.startUs, range.endUs],
      );
      return rows.map((row) => ({
        startUs: numberOf(row, "start_us"),
        endUs: numberOf(row, "end_us"),
        label: String(row["label"]),
        by: String(row["author"]),
      }));
    },
    data: (entries) =>
      Promise.all(
        entries.map(async ({ sensor, startUs }) => {
          const [row] = await store.query(
            "SELECT data FROM learning_window WHERE sensor = ? AND start_us = ?",
            [sensor, startUs],
          );
          const bytes = row?.["data"];
          if (bytes instanceof Uint8Array) return new Float32Array(bytes.slice().buffer);
          throw new EdgeloopError(
            "WINDOW_MISSING",
            "a listed window is not in the store any more",
            {
              details: { sensor, startUs },
            },
          );
        }),
      ),
  };
}

function lists(store: Store): Pick<LearningStore, "seal" | "list" | "writeList"> {
  return {
    async seal(campaign, range) {
      await store.commit([
        {
          sql: `INSERT INTO sealed (campaign, start_us, end_us, opened)
                VALUES (?, ?, ?, (SELECT COALESCE(MAX(opened), 0) + 1 FROM sealed)) ON CONFLICT (campaign) DO NOTHING`,
          params: [campaign, range.startUs, range.endUs],
        },
        {
          sql: "DELETE FROM sealed WHERE opened <= (SELECT MAX(opened) FROM sealed) - ?",
          params: [sealedRangesMax],
        },
      ]);
    },
    async list(campaign) {
      const [row] = await store.query("SELECT entries FROM sealed WHERE campaign = ?", [campaign]);
      const entries = row?.["entries"];
      return typeof entries === "string" ? entriesOf(JSON.parse(entries)) : undefined;
    },
    async writeList(campaign, entries) {
      const packed = entries.map(({ sensor, startUs, label }) => [sensor, startUs, label]);
      await store.commit([
        {
          sql: "UPDATE sealed SET entries = ? WHERE campaign = ? AND entries IS NULL",
          params: [JSON.stringify(packed), campaign],
        },
      ]);
    },
  };
}

// Only `writeList` writes what this reads.
const entriesOf = (packed: readonly [string, number, string][]): readonly SealedEntry[] =>
  packed.map(([sensor, startUs, label]) => ({ sensor, startUs, label }));

/** End of a window in microseconds, without rounding errors that grow along the stream. */
export const windowEndUs = (startUs: number, spec: WindowSpec): number =>
  startUs + Math.round((spec.lengthSamples * 1e6) / spec.rateHz);

function insertWindow(window: Window, spec: WindowSpec): Statement {
  const endUs = windowEndUs(window.startUs, spec);
  return {
    sql: `INSERT INTO learning_window (sensor, start_us, end_us, rate_hz, labelled, data)
          VALUES (?, ?, ?, ?, EXISTS (SELECT 1 FROM label WHERE sensor = ? AND end_us > ? AND start_us < ?), ?)
          ON CONFLICT (sensor, start_us) DO NOTHING`,
    params: [
      window.sensor,
      window.startUs,
      endUs,
      window.rateHz,
      window.sensor,
      window.startUs,
      endUs,
      bytesOf(window.data),
    ],
  };
}

function labelStatements(message: LabelMessage): readonly Statement[] {
  if (message.kind === "complete") {
    return [
      {
        sql: `INSERT INTO watermark (sensor, complete_until_us) VALUES (?, ?)
              ON CONFLICT (sensor) DO UPDATE SET complete_until_us = MAX(complete_until_us, excluded.complete_until_us)`,
        params: [message.sensor, message.completeUntilUs],
      },
    ];
  }
  const { sensor, startUs, endUs, by, label } = message;
  return [
    {
      sql: `INSERT INTO label (sensor, start_us, end_us, author, label) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (sensor, start_us, end_us, author) DO UPDATE SET label = excluded.label`,
      params: [sensor, startUs, endUs, by, label],
    },
    {
      // The second bound on `end_us` keeps a late label from walking all windows since.
      sql: `UPDATE learning_window SET labelled = 1
            WHERE sensor = ? AND end_us > ? AND end_us <= ? AND start_us < ? AND labelled = 0`,
      params: [sensor, startUs, endUs + windowSpanUsMax, endUs],
    },
  ];
}

const trimStatement = (excess: number): Statement => ({
  sql: `DELETE FROM learning_window WHERE rowid IN (
          SELECT rowid FROM learning_window AS w WHERE NOT EXISTS (
            SELECT 1 FROM sealed WHERE sealed.start_us < w.end_us AND sealed.end_us > w.start_us)
          ORDER BY labelled, end_us LIMIT ?)`,
  params: [excess],
});

const reachSql = `SELECT
  (SELECT MAX(end_us) FROM learning_window WHERE sensor = ?) AS w,
  (SELECT complete_until_us FROM watermark WHERE sensor = ?) AS l`;

const numberOf = (row: Row | undefined, column: string): number => Number(row?.[column] ?? 0);
