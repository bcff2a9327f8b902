import type { Accidents } from "./accidents.ts";
import type { Notice } from "./fleet/coordinator-member.ts";
import type { RoundBook } from "./round-book.ts";
import type { Stage } from "./stage.ts";

/** Who is told what moves at the coordinator. */
export type Listeners = {
  readonly rounds: Pick<RoundBook, "take">;
  readonly accidents: Pick<Accidents, "onNotice">;
  readonly stage: Pick<Stage, "atS" | "event">;
  readonly poke: () => void;
};

/** News that come every second and say little. */
const quiet: ReadonlySet<string> = new Set(["LABELS_ADDED", "DATA_ADVANCED"]);

/** Passes the coordinator's notices on; only what is new is worth a line. */
export function noticeListener(to: Listeners): (notice: Notice) => void {
  const last = new Map<string, string>();
  return (notice) => {
    const { stream, kind } = notice;
    to.rounds.take(notice, to.stage.atS());
    to.accidents.onNotice(notice);
    if (last.get(stream) !== kind && !quiet.has(kind)) to.stage.event(`${stream} ${kind}`);
    last.set(stream, kind);
    to.poke();
  };
}
