import type { Clock, Log } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, hasCode } from "@edgeloop/core/platform";
import type { Events } from "./events.ts";
import type { LearnerApi } from "./learner-protocol.ts";
import { learnerLingerMs, learnerStartsMax } from "./limits.ts";
import type { Meter } from "./meter.ts";
import type { Learner } from "./participant.ts";

/** A learner process that is running. */
export type LearnerProcess = {
  readonly api: LearnerApi;
  /** Ends the process; calls under way reject with `WORKER_DIED`. */
  end(): Promise<void>;
};

/**
 * Runs pieces of work in a process of their own, one at a time; a process that dies is started again.
 *
 * The process stays for a moment after its work, because a round asks for training, calibration and evaluation one after
 * the other, and starting one costs a gateway more than most of them; then it is ended, and its memory is free again.
 * Work is repeated from its beginning: the durable list makes every repetition the same.
 */
export function createLearner(options: {
  readonly start: () => Promise<LearnerProcess>;
  readonly events: Pick<Events, "raise">;
  readonly meter: Meter;
  readonly log: Log;
  readonly clock: Pick<Clock, "sleep">;
}): Learner {
  const { start, events, meter, log, clock } = options;
  let tail: Promise<unknown> = Promise.resolve();
  let idle: { readonly process: LearnerProcess; readonly wake: AbortController } | undefined;

  const take = async (): Promise<LearnerProcess> => {
    const waiting = idle;
    idle = undefined;
    waiting?.wake.abort();
    return waiting?.process ?? (await start());
  };

  const linger = (process: LearnerProcess): void => {
    const wake = new AbortController();
    idle = { process, wake };
    const end = async (): Promise<void> => {
      if (idle?.process !== process) return;
      idle = undefined;
      await process.end();
    };
    clock.sleep(learnerLingerMs, wake.signal).then(end, () => undefined);
  };

  const once = async <T>(
    work: (api: LearnerApi) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> => {
    const process = await take();
    const stop = (): void => void process.end();
    signal.addEventListener("abort", stop);
    try {
      const result = await work(process.api);
      signal.throwIfAborted();
      linger(process);
      return result;
    } catch (error) {
      await process.end();
      throw error;
    } finally {
      signal.removeEventListener("abort", stop);
    }
  };

  const use = async <T>(work: (api: LearnerApi) => Promise<T>, signal: AbortSignal): Promise<T> => {
    for (let starts = 1; ; starts += 1) {
      signal.throwIfAborted();
      try {
        const result = await once(work, signal);
        meter.add("learnerSessions", ["done"]);
        return result;
      } catch (error) {
        signal.throwIfAborted();
        notice(error, starts);
      }
    }
  };

  /** Returns when the work is to be repeated, else throws. */
  const notice = (error: unknown, starts: number): void => {
    const died = hasCode(error, "WORKER_DIED");
    meter.add("learnerSessions", [died ? "died" : "failed"]);
    log.warn("learner-ended", { code: codeOf(error), starts });
    if (!died) throw error;
    events.raise({ code: "LEARNER_DIED", counters: { starts } });
    if (starts >= learnerStartsMax) throw gaveUp(starts, error);
  };

  return {
    use(work, signal) {
      const done = tail.then(() => use(work, signal));
      tail = done.catch(() => undefined);
      return done;
    },
  };
}

const gaveUp = (starts: number, cause: unknown): EdgeloopError =>
  new EdgeloopError("LEARNER_FAILED", `the learner died ${starts} times; give it more memory`, {
    details: { starts },
    cause,
  });
