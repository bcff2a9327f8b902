import type { Installer, Participant } from "@edgeloop/cloud-sync";
import type { BlobStore, Store } from "@edgeloop/core/platform";
import type { GatewayEvent } from "./events.ts";

/** The gateway's side of its coordinator. */
export type CoordinatorLink = {
  /** Connects, reconnects and works until `signal` aborts. */
  run(signal: AbortSignal): Promise<void>;
  /** Queues an event; resolves once it is on disk. */
  report(event: GatewayEvent & { readonly sensorUs: number }): Promise<void>;
  /** Says that data or labels advanced. */
  wake(): void;
  state(): "connected" | "disconnected" | "none";
};

/** What the coordinator works with on this gateway. */
export type LinkParts = {
  readonly participant: Participant;
  readonly installer: Installer;
  /** Version of the model that serves; nothing older is installed. */
  readonly servingVersion: () => number | undefined;
  readonly store: Store;
  readonly blobs: BlobStore;
};

/** The link of a gateway that works alone. */
export const noCoordinator: CoordinatorLink = {
  run: () => Promise.resolve(),
  report: () => Promise.resolve(),
  wake: () => undefined,
  state: () => "none",
};
