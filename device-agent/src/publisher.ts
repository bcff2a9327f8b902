import type { Clock, Log, Statement } from "@edgeloop/core/platform";
import { messageOf, utf8 } from "@edgeloop/core/platform";
import { within } from "./deadline.ts";
import type { DiskGuard } from "./disk-guard.ts";
import { publishQueueMax, publishTimeoutMs } from "./limits.ts";
import type { Meter } from "./meter.ts";

/** One prediction on its way. */
export type Outgoing = {
  readonly topic: string;
  /** Rows that have to be on disk before the prediction is published. */
  readonly statements: readonly Statement[];
  /** Milliseconds of the monotonic clock at which the window's last sample arrived. */
  readonly receivedMs: number;
  /** The message, which names the latency up to its publication in milliseconds. */
  readonly message: (latencyMs: number) => Readonly<Record<string, unknown>>;
  /** Called once the rows are on disk. */
  readonly onStored: () => void;
};

/** Publishes predictions in order, each after its row's sync. */
export type Publisher = {
  /** Resolves when there is room for the next; fewer than `publishQueueMax` then wait. */
  add(outgoing: Outgoing): Promise<void>;
  /** Resolves once everything added so far is published or counted. */
  settled(): Promise<void>;
};

/**
 * Builds the way from rows to the broker: row on disk first, then published.
 *
 * Windows that finish while a sync is under way share the next one, so that a slow disk costs one sync of latency, not
 * one a window. On a full disk predictions go out without a row and are counted.
 */
export function createPublisher(options: {
  readonly disk: Pick<DiskGuard, "commit">;
  readonly publish: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly meter: Meter;
  readonly clock: Clock;
  readonly log: Log;
}): Publisher {
  const { disk, publish, meter, clock, log } = options;
  let waiting = 0;
  let tail: Promise<void> = Promise.resolve();
  let room: PromiseWithResolvers<void> | undefined;

  const commit = async ({ statements, onStored }: Outgoing): Promise<void> => {
    try {
      if ((await disk.commit(statements)) === "stored") onStored();
      else meter.add("unstored");
    } catch (error) {
      meter.add("unstored");
      log.error("prediction-unstored", { reason: messageOf(error) });
    }
  };

  const send = async (outgoing: Outgoing): Promise<void> => {
    const latencyMs = clock.monotonicMs() - outgoing.receivedMs;
    const payload = utf8(JSON.stringify(outgoing.message(Math.round(latencyMs * 1000) / 1000)));
    try {
      // A broker that hangs must not hold the windows behind.
      await within(publish(outgoing.topic, payload), publishTimeoutMs, clock);
      meter.observe("latency", latencyMs / 1000);
      meter.add("predictions");
    } catch (error) {
      meter.add("publishFailures");
      log.warn("prediction-unpublished", { reason: messageOf(error) });
    }
  };

  const finish = (): void => {
    waiting -= 1;
    meter.set("waiting", waiting);
    room?.resolve();
    room = undefined;
  };

  return {
    settled: () => tail,
    async add(outgoing) {
      waiting += 1;
      meter.set("waiting", waiting);
      const committed = commit(outgoing);
      tail = Promise.all([tail, committed])
        .then(() => send(outgoing))
        .finally(finish);
      while (waiting >= publishQueueMax) {
        room ??= Promise.withResolvers();
        await room.promise;
      }
    },
  };
}
