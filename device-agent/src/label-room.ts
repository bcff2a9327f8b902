import type { Statement, Store } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import { labelsTrimMax } from "./limits.ts";
import { turns } from "./turns.ts";

/**
 * Makes room for one more label of a sensor.
 *
 * @throws `LABELS_FULL` when every label on disk may still be needed.
 */
export type LabelRoom = (sensor: string) => Promise<void>;

/**
 * Bounds the labels of each sensor.
 *
 * At the bound those go, the oldest first, that nothing can need any more: the sensor's windows have passed them, no stored
 * window touches them, and neither does a range that is held for a campaign. A label that is ahead of its windows,
 * or touches one, was acknowledged and stays; when only such are left, further labels are refused, unacknowledged, until
 * windows have come or gone. A sensor that goes back in time behind its stored windows finds old labels gone.
 *
 * @param options `labelsMax`: labels of one sensor.
 */
export function labelRoom(
  store: Pick<Store, "query" | "commit">,
  { labelsMax }: { readonly labelsMax: number },
): LabelRoom {
  const alone = turns();
  /** At least as many as there are: one that is sent again is counted again, until the bound makes us look. */
  const counts = new Map<string, number>();
  /** Where the sensor's windows were when nothing could go. */
  const stuckAtUs = new Map<string, number>();

  const number = async (sql: string, sensor: string): Promise<number> => {
    const [row] = await store.query(sql, [sensor]);
    return Number(row?.["n"] ?? -1);
  };
  const count = (sensor: string): Promise<number> =>
    number("SELECT COUNT(*) AS n FROM label WHERE sensor = ?", sensor);

  const trimmed = async (sensor: string): Promise<number> => {
    const newestUs = Math.max(
      await number("SELECT MAX(start_us) AS n FROM learning_window WHERE sensor = ?", sensor),
      // The newest windows may be gone again, as the unlabelled ones of a store that is full; their predictions are not.
      await number("SELECT MAX(start_us) AS n FROM prediction WHERE sensor = ?", sensor),
    );
    if (stuckAtUs.get(sensor) === newestUs) return labelsMax;
    let left = await count(sensor);
    if (left < labelsMax) return left;
    const [gone = 0] = await store.commit([trimStatement(sensor, newestUs)]);
    left -= gone;
    if (left >= labelsMax) stuckAtUs.set(sensor, newestUs);
    else stuckAtUs.delete(sensor);
    return left;
  };

  const reserve = async (sensor: string): Promise<void> => {
    const known = counts.get(sensor) ?? (await count(sensor));
    const left = known < labelsMax ? known : await trimmed(sensor);
    counts.set(sensor, left + 1);
    if (left < labelsMax) return;
    throw new EdgeloopError("LABELS_FULL", "labels wait for windows that do not come", {
      details: { sensor, labelsMax },
    });
  };
  return (sensor) => alone(() => reserve(sensor));
}

// The bounds on a window's end keep each label's search within the length of the longest window.
const trimStatement = (sensor: string, passedUs: number): Statement => ({
  sql: `DELETE FROM label WHERE rowid IN (
          SELECT rowid FROM label AS l WHERE l.sensor = ? AND l.end_us <= ?
            AND NOT EXISTS (
              SELECT 1 FROM learning_window AS w WHERE w.sensor = l.sensor AND w.end_us > l.start_us
                AND w.end_us <= l.end_us + (SELECT MAX(end_us - start_us) FROM learning_window WHERE sensor = ?)
                AND w.start_us < l.end_us)
            AND NOT EXISTS (
              SELECT 1 FROM sealed WHERE sealed.start_us < l.end_us AND sealed.end_us > l.start_us)
          ORDER BY l.end_us LIMIT ?)`,
  params: [sensor, passedUs, sensor, labelsTrimMax],
});
