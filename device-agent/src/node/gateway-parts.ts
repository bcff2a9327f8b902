import { join } from "node:path";
import type { BlobStore, Clock, Log, Store } from "@edgeloop/core/platform";
import { openFileBlobStore, openSqliteStore } from "@edgeloop/core/platform/node";
import type { GatewayConfig } from "../config.ts";
import type { CoordinatorLink } from "../coordinator-link.ts";
import { noCoordinator } from "../coordinator-link.ts";
import type { DiskGuard } from "../disk-guard.ts";
import { guardDisk } from "../disk-guard.ts";
import type { Events } from "../events.ts";
import { openEvents } from "../events.ts";
import { gatewayTables } from "../learning-schema.ts";
import type { LearningStore } from "../learning-store.ts";
import { openLearningStore } from "../learning-store.ts";
import type { LocalBroker } from "../local-broker.ts";
import type { Progress } from "../progress.ts";
import { createProgress } from "../progress.ts";
import type { Quarantine } from "../quarantine.ts";
import { openQuarantine } from "../quarantine.ts";
import type { Retention } from "../retention.ts";
import { createRetention } from "../retention.ts";
import type { LocalTopics } from "../topics.ts";
import { localTopics } from "../topics.ts";
import type { PromMeter } from "./prom-meter.ts";
import { promMeter } from "./prom-meter.ts";

/** Where a gateway keeps what it must not lose. */
export type Stores = { readonly store: Store; readonly blobs: BlobStore };

/** The parts that everything else of a gateway is put together from. */
export type GatewayParts = Stores & {
  readonly topics: LocalTopics;
  readonly meter: PromMeter;
  readonly disk: DiskGuard;
  readonly events: Events;
  readonly learning: LearningStore;
  readonly quarantine: Quarantine;
  readonly progress: Progress;
  readonly retention: Retention;
  readonly clock: Clock;
  readonly log: Log;
  /** Rejects when the store is gone for good: the gateway has to be started again. */
  readonly failure: Promise<never>;
  readonly failed: () => boolean;
  /** What is opened later than the parts that speak to it. */
  readonly late: { broker?: LocalBroker; link: CoordinatorLink };
};

/** Opens database and blobs below the gateway's data directory. */
export async function openStores(directory: string): Promise<Stores> {
  return {
    store: await openSqliteStore(join(directory, "gateway.db")),
    blobs: await openFileBlobStore(join(directory, "blobs")),
  };
}

/** Builds the parts over stores that are open. */
export async function openParts(
  config: GatewayConfig,
  { store, blobs }: Stores,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): Promise<GatewayParts> {
  await store.commit(gatewayTables);
  const late: GatewayParts["late"] = { link: noCoordinator };
  const topics = localTopics(config);
  const meter = promMeter();
  const learning = await openLearningStore(store, config.store);
  const progress = createProgress({
    clock,
    log,
    report: (event) => late.link.report(event),
    wake: () => late.link.wake(),
  });
  const failing = Promise.withResolvers<never>();
  let failed = false;
  failing.promise.catch(() => {
    failed = true;
  });
  const disk = guardDisk(store, {
    clock,
    onFailed: failing.reject,
    onChange(full) {
      meter.set("diskFull", full ? 1 : 0);
      events.raise({ code: full ? "DISK_FULL" : "DISK_FREED" });
    },
  });
  const events = openEvents({
    disk,
    publish: async (payload) => {
      await late.broker?.publish(topics.events, payload);
    },
    report: (event) => late.link.report({ sensorUs: progress.highUs(), ...event }),
    meter,
    clock,
    log,
  });
  const { quarantineBytesMax, predictionsMax } = config.store;
  return {
    store,
    blobs,
    topics,
    meter,
    disk,
    events,
    learning,
    progress,
    clock,
    log,
    late,
    failure: failing.promise,
    failed: () => failed,
    quarantine: openQuarantine({ store, disk, bytesMax: quarantineBytesMax, meter, log }),
    retention: createRetention({ learning, disk, predictionsMax, meter, log }),
  };
}
