import type { WindowSpec } from "@edgeloop/core/data";
import type { LoadedRecording, Replay } from "./replay-schedule.ts";
import { replayEpochUs, scheduleReplay } from "./replay-schedule.ts";

/** Sensor time between the stretches that are played: longer than any of them. */
const dayUs = 24 * 3600 * 1_000_000;

/** When, in sensor time, the field's people play what. Everybody plays the same stretches; pauses between them are free. */
export type Timetable = {
  /** What is learned from: everybody's recordings, labelled. */
  readonly days: readonly Replay[];
  /** All days are over. */
  readonly endUs: number;
  /** The first recordings again, unlabelled: data are complete up to an end only once something after it was seen. */
  readonly eves: readonly Replay[];
  /** All eves are over; labels are complete up to here, for nobody labels an eve. */
  readonly completeUs: number;
  /** When the other stretches begin: while models are installed, while rounds run, and after them. */
  readonly startsUs: Readonly<Record<"install" | "rounds" | "reinstall" | "again", number>>;
  /** Everybody's recordings once more, from a sensor time on. */
  from(startUs: number): readonly Replay[];
};

/** When the coordinator is to start rounds by itself: `loop:` of `edgeloop.yaml`, in part. */
export type LabelPolicy = {
  readonly retrain: { readonly labels: { readonly countMin: number } };
  readonly range: { readonly beforeS: number; readonly afterS: number };
  readonly coolDownS: number;
};

/** Draws up a timetable for people with one list of recordings each. */
export function timetableOf(
  people: readonly (readonly LoadedRecording[])[],
  spec: WindowSpec,
): Timetable {
  const from = (startUs: number): readonly Replay[] =>
    people.map((own) => scheduleReplay(own, spec, startUs));
  const days = from(replayEpochUs);
  const endUs = Math.max(...days.map((day) => day.endUs));
  const eves = people.map((own) => scheduleReplay(own.slice(0, 1), spec, endUs));
  return {
    days,
    endUs,
    eves,
    completeUs: Math.max(...eves.map((eve) => eve.endUs)),
    startsUs: {
      install: replayEpochUs - dayUs,
      rounds: endUs + dayUs,
      reinstall: endUs + 2 * dayUs,
      again: endUs + 3 * dayUs,
    },
    from,
  };
}

/**
 * Writes the policy by which labels start the rounds, once and over all days.
 *
 * The policy's range ends at the least high-water mark of the gateways that labelled, which is in the eves. What it is
 * to the second depends on who plays how long an eve, what is learned does not: nothing but the days has labels.
 */
export function labelPolicy({ days, completeUs }: Timetable): LabelPolicy {
  const counts = days.map(({ labels }) => labels.length);
  const all = counts.reduce((sum, count) => sum + count, 0);
  return {
    // So many that nobody's can be missing, yet a label that a gateway refuses does not keep the rounds from starting.
    retrain: { labels: { countMin: Math.max(1, all - Math.min(...counts) + 1) } },
    range: { beforeS: Math.ceil((completeUs - replayEpochUs) / 1e6), afterS: 0 },
    // Labels that are counted after the start do not begin a second campaign: all stretches are over by then.
    coolDownS: (30 * dayUs) / 1e6,
  };
}
