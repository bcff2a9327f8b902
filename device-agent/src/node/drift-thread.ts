import type { Window } from "@edgeloop/core/data";
import type { Log, Store } from "@edgeloop/core/platform";
import type { WorkerLink } from "@edgeloop/core/platform/node";
import { openWorkerLink } from "@edgeloop/core/platform/node";
import type { DiskGuard } from "../disk-guard.ts";
import type { DriftAnswer, DriftHost } from "../drift-host.ts";
import type { Events } from "../events.ts";
import { windowEndUs } from "../learning-store.ts";
import { driftQueueMax } from "../limits.ts";
import type { Meter } from "../meter.ts";
import type { Served } from "../serving.ts";

/** Watches windows for drift, beside the stream. */
export type DriftWatch = {
  /** Never waits: a window that finds the queue full is not watched, and counted. */
  watch(window: Window, served: Served): void;
  /** Resolves once what was given so far is watched. */
  settled(): Promise<void>;
  close(): Promise<void>;
};

/** What the watch needs. */
export type DriftThreadOptions = {
  readonly store: Pick<Store, "query">;
  readonly disk: Pick<DiskGuard, "commit">;
  readonly events: Pick<Events, "raise">;
  readonly meter: Meter;
  readonly log: Log;
};

type Link = WorkerLink<DriftHost>;

/** Starts the drift thread and restores what it knew before; a thread that dies is started again. */
export async function openDriftThread(options: DriftThreadOptions): Promise<DriftWatch> {
  const { events, meter, log } = options;
  let link = await openLink(options.store);
  let reopening: Promise<void> | undefined;
  const waiting = new Set<Promise<void>>();
  let closed = false;

  const reopen = async (): Promise<void> => {
    try {
      link = await openLink(options.store);
    } catch (error) {
      log.error("drift-unavailable", { error });
    } finally {
      reopening = undefined;
    }
  };

  const observe = async (window: Window, { classifier }: Served): Promise<void> => {
    const { channels, window: spec } = classifier.manifest.pipeline;
    const { sensor, data, startUs } = window;
    const watched = {
      sensor,
      channels: channels.map(({ name }) => name),
      data,
      model: classifier.identity,
    };
    const answer: DriftAnswer = await link.call((host) => host.observe(watched));
    if (answer.event !== undefined) {
      const { reference, current } = answer.event.samples;
      log.info("drift-detected", { sensor, ...answer.event });
      events.raise({
        code: "DRIFT_DETECTED",
        sensorUs: windowEndUs(startUs, spec),
        counters: { reference, current },
      });
    }
    if (answer.save !== undefined) await save(options.disk, sensor, answer.save);
  };

  return {
    watch(window, served) {
      if (closed || reopening !== undefined || waiting.size >= driftQueueMax) {
        meter.add("unwatched");
        return;
      }
      const watched = observe(window, served)
        .catch((error: unknown) => {
          if (closed) return;
          log.error("drift-failed", { error });
          reopening ??= reopen();
        })
        .finally(() => waiting.delete(watched));
      waiting.add(watched);
    },
    async settled() {
      await Promise.all(waiting);
    },
    async close() {
      if (closed) return;
      closed = true;
      await reopening;
      await link.terminate();
    },
  };
}

async function openLink(store: Pick<Store, "query">): Promise<Link> {
  const link = openWorkerLink<DriftHost>({
    entry: import.meta.resolve("#drift-worker"),
    diedCode: "DRIFT_DIED",
  });
  for (const row of await store.query("SELECT sensor, saved FROM drift")) {
    await link.call((host) => host.restore(String(row["sensor"]), String(row["saved"])));
  }
  return link;
}

const save = (
  disk: Pick<DiskGuard, "commit">,
  sensor: string,
  saved: string,
): ReturnType<DiskGuard["commit"]> =>
  disk.commit([
    {
      sql: "INSERT INTO drift (sensor, saved) VALUES (?, ?) ON CONFLICT (sensor) DO UPDATE SET saved = excluded.saved",
      params: [sensor, saved],
    },
  ]);
