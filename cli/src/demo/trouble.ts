import { EdgeloopError } from "@edgeloop/core/platform";
import type { RolloutRow, RoundBook } from "./round-book.ts";

/** A process of the fleet that should run. */
export type Process = {
  /** What became of it, where it ended and nobody had asked it to. */
  lost(): EdgeloopError | undefined;
};

/** What may go wrong so that waiting is in vain. */
export type Watched = {
  readonly processes: readonly Process[];
  readonly rounds: Pick<RoundBook, "campaign" | "campaignCode" | "rollouts">;
  /** What is waited for, as the page says it. */
  readonly phase: string;
  /** Sensor time now, and where the pumps' schedule ends. */
  readonly nowUs: number;
  readonly endUs: number;
  /** Where the logs are. */
  readonly directory: string;
};

/**
 * Finds what makes further waiting useless: the demo ends then, and says why, instead of hanging.
 *
 * @returns `DAEMON_ENDED`, `FIRMWARE_SENDER_FAILED`, `CAMPAIGN_FAILED`, `ROLLOUT_FAILED`, `SCHEDULE_ENDED`, or nothing
 */
export function troubleOf(watched: Watched): EdgeloopError | undefined {
  const { processes, rounds, phase, nowUs, endUs, directory } = watched;
  const log = `${directory}/logs/coordinator.log`;
  for (const process of processes) {
    const lost = process.lost();
    if (lost) return lost;
  }
  const campaign = rounds.campaign() ?? "";
  if (campaign === "rejected" || campaign === "abandoned") {
    const code = rounds.campaignCode();
    const why = code === undefined ? "" : ` (${code})`;
    return new EdgeloopError("CAMPAIGN_FAILED", `the campaign was ${campaign}${why}: see ${log}`, {
      details: { campaign, ...(code === undefined ? {} : { code }) },
    });
  }
  const stopped = rounds.rollouts().find(({ state }) => state === "stopped");
  if (stopped) return rolloutFailed(stopped, directory);
  if (nowUs < endUs) return undefined;
  return new EdgeloopError(
    "SCHEDULE_ENDED",
    `the pumps' schedule ended and it was still "${phase}": see ${log}; a machine with more to do than it can needs ` +
      "fewer gateways (--gateways)",
    { details: { phase } },
  );
}

function rolloutFailed({ name, members }: RolloutRow, directory: string): EdgeloopError {
  const refusing = Object.keys(members).filter((member) => members[member] === "refused");
  const whose = refusing.length === 0 ? "a gateway" : refusing.join(", ");
  return new EdgeloopError(
    "ROLLOUT_FAILED",
    `the rollout ${name} was stopped, ${whose} refused the release: see ${directory}/logs/${refusing[0] ?? "coordinator"}.log`,
    { details: { ...members } },
  );
}
