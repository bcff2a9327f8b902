import type { BlobStore, Clock, Log, Name, Rng, Store } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { SigningKey, VerifyKey } from "../keys.ts";
import type { Installer, Participant } from "../participant.ts";
import type { Counters } from "../wire-schema.ts";

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

/** Opens the device's side of the coordinator: nothing is sent before `run`. */
export function openSyncClient(options: SyncClientOptions): Promise<SyncClient> {
  return Promise.reject(
    new EdgeloopError("SYNC_UNAVAILABLE", `the sync client of ${options.device} is not built yet`),
  );
}
