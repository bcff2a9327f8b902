import type { BlobStore, Clock, Json, Log, Name, Rng, Store } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, hasCode, messageOf } from "@edgeloop/core/platform";
import { backoffMs } from "../backoff.ts";
import type { CoordinatorApi } from "../coordinator-api.ts";
import { coordinatorApi } from "../coordinator-api.ts";
import { parseObject, signEnvelope } from "../dsse.ts";
import type { Bell, DeviceEvent } from "../fleet-messages.ts";
import { parseWorkList } from "../fleet-messages.ts";
import { isTemporary } from "../http-status.ts";
import type { SigningKey, VerifyKey } from "../keys.ts";
import type { Installer, Participant } from "../participant.ts";
import type { SyncOutbox } from "../sync-outbox.ts";
import { openSyncOutbox } from "../sync-outbox.ts";
import { doWork } from "../sync-work.ts";
import type { Counters } from "../wire-schema.ts";
import { runSyncLink } from "./sync-link.ts";
import type { Wakeable } from "./wakeable.ts";
import { wakeable } from "./wakeable.ts";

/** What a device's side of the coordinator needs. */
export type SyncClientOptions = {
  /** Base of the coordinator's HTTP routes, for instance `https://plant.example:8443`. */
  readonly url: string;
  /** The coordinator's broker, for instance `mqtts://plant.example:8883`. */
  readonly mqttUrl: string;
  readonly fleet: Name;
  readonly device: Name;
  /** The device's own key; signs requests and messages. */
  readonly key: SigningKey;
  /** The coordinator's key, as enrolment fixed it. */
  readonly coordinatorKey: VerifyKey;
  /** Outbox and progress; tables are prefixed `sync_`. */
  readonly store: Store;
  /** Holds the blobs of plans and tasks, and updates until they are acknowledged. */
  readonly blobs: BlobStore;
  readonly participant: Participant;
  readonly installer: Installer;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
  readonly fetch?: typeof globalThis.fetch;
};

/** What a device reports: a code and counters, never data. */
export type EventReport = {
  readonly code: string;
  /** The newest sensor time seen and stored. */
  readonly sensorUs: number;
  readonly counters?: Counters;
};

/** The device's side of the coordinator, ready to run. */
export type SyncClient = {
  /** Connects, reconnects and works until `signal` aborts; rejects only when this device may not take part any more. */
  run(signal: AbortSignal): Promise<void>;
  /** Queues an event; resolves once it is on disk, from where it is published at least once and counted once. */
  report(event: EventReport): Promise<void>;
  /** Says that data or labels advanced, so that a waiting offer is answered again at once. */
  wake(): void;
  /** Tells whether the broker is connected. */
  connected(): boolean;
};

/** Pauses after a failure. */
const retry = { baseMs: 250, capMs: 10_000 };

/** How long a device that waits for its data waits before it asks itself again, unless it is woken. */
const askAgainMs = 5_000;

/**
 * Opens the device's side of the coordinator: nothing is sent before `run`.
 *
 * @throws `CONNECTION_INSECURE` for plain HTTP or MQTT to another machine.
 */
export async function openSyncClient(options: SyncClientOptions): Promise<SyncClient> {
  const outbox = await openSyncOutbox(options.store);
  const desk: Desk = {
    ...options,
    outbox,
    api: coordinatorApi({ ...options, fetch: options.fetch ?? globalThis.fetch }),
    data: wakeable(options.clock),
    work: wakeable(options.clock),
    events: wakeable(options.clock),
    tasks: new Map(),
    failed: new Set(),
  };
  let isConnected = false;
  return {
    async run(signal) {
      const stop = new AbortController();
      const both = AbortSignal.any([signal, stop.signal]);
      const link = runSyncLink(
        {
          ...options,
          outbox,
          events: desk.events,
          onBell: () => desk.work.wake(),
          onConnection: (connected) => {
            isConnected = connected;
            if (connected) desk.failed.clear();
            // Also when the broker refuses: the work list says by code whether this device was revoked.
            desk.work.wake();
          },
        },
        both,
      );
      try {
        await Promise.all([link, followWork(desk, both)]);
      } finally {
        stop.abort();
        await Promise.allSettled([link, ...[...desk.tasks.values()].map(({ done }) => done)]);
      }
    },
    async report({ code, sensorUs, counters = {} }) {
      const { fleet, device, key } = options;
      await outbox.addEvent((sequence) => {
        const event: DeviceEvent = {
          format: 1,
          fleet,
          device,
          sequence,
          code,
          sensorUs,
          counters,
        };
        return signEnvelope("event", event as Json, key);
      });
      desk.events.wake();
    },
    wake: () => desk.data.wake(),
    connected: () => isConnected,
  };
}

type Task = { readonly stop: AbortController; readonly done: Promise<void> };
type Desk = SyncClientOptions & {
  readonly api: CoordinatorApi;
  readonly outbox: SyncOutbox;
  /** Woken when data or labels advanced. */
  readonly data: Wakeable;
  /** Woken at a bell, at every connection, and when a task has ended. */
  readonly work: Wakeable;
  readonly events: Wakeable;
  readonly tasks: Map<string, Task>;
  /** Refused for good; tried again after the next connection or when the coordinator took it off the list. */
  readonly failed: Set<string>;
};

/** Asks for the work list whenever it may have changed, and keeps tasks in step with it. */
async function followWork(desk: Desk, signal: AbortSignal): Promise<void> {
  const { api, work, clock, rng, log } = desk;
  for (let failures = 0; !signal.aborted; ) {
    try {
      const list = parseWorkList(parseObject(await api.get("/v1/work", signal)));
      failures = 0;
      keepInStep(desk, list.work, signal);
      await work.wait(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (hasCode(error, "DEVICE_REVOKED")) throw error;
      failures += 1;
      log.debug("work list failed", { code: codeOf(error), message: messageOf(error) });
      await clock.sleep(backoffMs(failures, retry, rng), signal).catch(() => undefined);
    }
  }
}

function keepInStep(desk: Desk, list: readonly Bell[], signal: AbortSignal): void {
  const wanted = new Map(list.map((bell) => [`${bell.kind}:${bell.id}`, bell]));
  for (const [name, { stop }] of desk.tasks) if (!wanted.has(name)) stop.abort();
  for (const name of desk.failed) if (!wanted.has(name)) desk.failed.delete(name);
  for (const [name, bell] of wanted) {
    if (desk.tasks.has(name) || desk.failed.has(name)) continue;
    const stop = new AbortController();
    const done = runTask(desk, bell, AbortSignal.any([signal, stop.signal])).finally(() => {
      desk.tasks.delete(name);
      desk.work.wake();
    });
    desk.tasks.set(name, { stop, done });
  }
}

/** Works until it is acknowledged, refused for good, or no longer wanted. */
async function runTask(desk: Desk, bell: Bell, signal: AbortSignal): Promise<void> {
  const { clock, rng, log, data } = desk;
  const dataAdvanced = (until: AbortSignal): Promise<void> => data.wait(until, askAgainMs);
  for (let failures = 1; !signal.aborted; failures += 1) {
    try {
      await doWork({ ...desk, dataAdvanced }, bell, signal);
      log.info("work done", { ...bell });
      return;
    } catch (error) {
      if (signal.aborted) return;
      const code = codeOf(error);
      log.warn("work failed", { ...bell, failures, code, message: messageOf(error) });
      if (isFinal(error)) {
        desk.failed.add(`${bell.kind}:${bell.id}`);
        return;
      }
    }
    await clock.sleep(backoffMs(failures, retry, rng), signal).catch(() => undefined);
  }
}

/** A refusal by the coordinator stands; anything else may pass by itself. */
function isFinal(error: unknown): boolean {
  const status = error instanceof EdgeloopError ? error.details["status"] : undefined;
  return typeof status === "number" && !isTemporary(status);
}
