import { mkdir } from "node:fs/promises";
import { resolve } from "node:path";
import type { Installation, ReleaseRef } from "@edgeloop/cloud-sync";
import type { Clock, Log } from "@edgeloop/core/platform";
import { silentLog } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import type { GatewayConfig } from "../config.ts";
import type { CoordinatorLink, LinkParts } from "../coordinator-link.ts";
import { noCoordinator } from "../coordinator-link.ts";
import type { Health } from "../health.ts";
import { drainTimeoutMs } from "../limits.ts";
import type { LocalBroker } from "../local-broker.ts";
import type { AdapterOpeners } from "./adapters.ts";
import { adapterOpeners } from "./adapters.ts";
import type { Stores } from "./gateway-parts.ts";
import { openParts, openStores } from "./gateway-parts.ts";
import type { HttpServer } from "./http.ts";
import { openHttp } from "./http.ts";
import { openCoordinator } from "./open-coordinator.ts";
import type { Core, Sensors } from "./wiring.ts";
import {
  healthOf,
  openBroker,
  openInstaller,
  openParticipant,
  openSensors,
  openServing,
} from "./wiring.ts";

/** A gateway that is running. */
export type Gateway = {
  /** Where sensors publish, such as `mqtt://127.0.0.1:1883`. */
  readonly brokerUrl: string;
  /** Base of `/metrics` and `/healthz`. */
  readonly httpUrl: string;
  health(): Health;
  /** Installs a bundle whose blobs are in the gateway's blob store. */
  install(release: ReleaseRef): Promise<Installation>;
  readonly stores: Stores;
  /** Resolves once the gateway has drained after the signal aborted; rejects when it cannot go on. */
  readonly done: Promise<void>;
};

/** What a gateway takes from outside beside its configuration. */
export type GatewayOptions = {
  /** Aborting it drains and stops the gateway. */
  readonly signal: AbortSignal;
  readonly clock?: Clock;
  readonly log?: Log;
  /** Replaces how sensors are opened, for tests. */
  readonly openers?: AdapterOpeners;
  /** Replaces database and blobs, for tests of a full disk; they are closed with the gateway. */
  readonly stores?: Stores;
  /** Replaces the way to the coordinator, for tests. */
  readonly openLink?: (parts: LinkParts) => CoordinatorLink;
};

/**
 * Runs a gateway: broker, sensors, inference, labels, learning, rounds and updates, until the signal aborts.
 *
 * @throws `BROKER_UNAVAILABLE`, `HTTP_UNAVAILABLE`, `STORE_FAILED` when it cannot start.
 */
export async function runGateway(config: GatewayConfig, options: GatewayOptions): Promise<Gateway> {
  const { signal, clock = systemClock, log = silentLog } = options;
  const directory = resolve(config.dataDirectory);
  await mkdir(directory, { recursive: true });
  const stores = options.stores ?? (await openStores(directory));
  const parts = await openParts(config, stores, { clock, log });
  const core = await openServing({ ...parts, config, directory, signal });
  const broker = await openBroker(core);
  parts.late.broker = broker;
  await core.serving.start();
  const installer = openInstaller(core);
  const servingVersion = (): number | undefined => core.serving.current()?.manifest.version;
  const participant = openParticipant(core);
  const linkParts = { ...stores, participant, installer, servingVersion };
  parts.late.link = options.openLink?.(linkParts) ?? linkOf(core, linkParts);
  const sensors = openSensors(core, broker, options.openers ?? adapterOpeners);
  const health = (): Health => healthOf(core, broker, sensors);
  const http = await openHttp({ ...config.http, meter: parts.meter, health, log });
  log.info("gateway-started", { id: config.id, broker: broker.url, http: http.url });
  const background = Promise.all([parts.progress.run(signal), parts.late.link.run(signal)]);
  return {
    brokerUrl: broker.url,
    httpUrl: http.url,
    health,
    install: (release) => installer.install(release, signal),
    stores,
    done: finish({ core, broker, http, sensors, background }),
  };
}

function linkOf(core: Core, parts: LinkParts): CoordinatorLink {
  const { coordinator } = core.config;
  if (coordinator === undefined) return noCoordinator;
  return openCoordinator({ ...core.config, ...parts, ...core, coordinator });
}

type Running = {
  readonly core: Core;
  readonly broker: LocalBroker;
  readonly http: HttpServer;
  readonly sensors: Sensors;
  readonly background: Promise<unknown>;
};

/** Waits for the stop, lets what is under way come to its end, and closes in the order of dependence. */
async function finish({ core, broker, http, sensors, background }: Running): Promise<void> {
  const { signal, clock, log, events, quarantine, retention, serving, drift, store } = core;
  const aborted = new Promise<void>((stopped) => {
    if (signal.aborted) stopped();
    else signal.addEventListener("abort", () => stopped(), { once: true });
  });
  const work = Promise.all([aborted, background]);
  try {
    await Promise.race([work, core.failure]);
  } finally {
    const drained = Promise.allSettled([
      ...sensors.running.map(({ done }) => done),
      sensors.publisher.settled(),
      events.settled(),
      quarantine.settled(),
      retention.settled(),
    ]);
    const drainedInTime = new AbortController();
    const late = clock.sleep(drainTimeoutMs, drainedInTime.signal).then(
      () => log.warn("drain-too-slow"),
      () => undefined,
    );
    await Promise.race([drained, late]);
    drainedInTime.abort();
    await Promise.allSettled([http.close(), broker.close(), serving.close(), drift.close()]);
    await store.close();
    log.info("gateway-stopped", { id: core.config.id });
  }
}
