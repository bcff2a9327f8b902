import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { BlobStore, Log, Name, Store } from "@edgeloop/core/platform";
import { fromUtf8, parseName, seededRng, silentLog } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { memoryBlobStore, memoryStore } from "@edgeloop/core/testing";
import { coordinatorApi } from "../../coordinator-api.ts";
import type { CoordinatorConfig } from "../../coordinator-config.ts";
import { parseCoordinatorConfig } from "../../coordinator-config.ts";
import type { CoordinatorNotice } from "../../coordinator-ports.ts";
import { enrol } from "../../enrol.ts";
import type { SigningKey, VerifyKey } from "../../keys.ts";
import { generateKey } from "../../keys.ts";
import { createKeyFile } from "../../node/key-file.ts";
import { openRegistry } from "../../node/registry.ts";
import type { CoordinatorAddresses } from "../../node/run-coordinator.ts";
import { runCoordinator } from "../../node/run-coordinator.ts";
import type { SyncClient } from "../../node/sync-client.ts";
import { openSyncClient } from "../../node/sync-client.ts";
import { lineOf } from "../../ota-line.ts";
import { signOffline } from "../../ota-offline.ts";
import type { Installer, Participant } from "../../participant.ts";
import { toyBundle, toyData, toyLine } from "../toy-line.ts";
import { toyParticipant } from "../toy-participant.ts";

/** A device of the plant: enrolled, with a sync client that is ready to run. */
export type PlantDevice = {
  readonly device: Name;
  readonly key: SigningKey;
  readonly coordinatorKey: VerifyKey;
  readonly root: Uint8Array;
  readonly store: Store;
  readonly blobs: BlobStore;
  /** Releases that were installed, by target. */
  readonly installed: readonly string[];
  readonly client: SyncClient;
};

/** A coordinator on loopback with a signed toy line, and what tests and demos of others need to talk to it. */
export type RoundPlant = {
  readonly config: CoordinatorConfig;
  /** Starts the coordinator; the directory survives a restart, the ports stay. */
  start(options?: StartOptions): Promise<RunningPlant>;
  /** Enrols a device with a toy participant. */
  device(name: string, options?: DeviceOptions): Promise<PlantDevice>;
};

/** A coordinator that runs. */
export type RunningPlant = {
  readonly addresses: CoordinatorAddresses;
  /** Calls an operator's route. */
  admin(method: "GET" | "POST", path: string, body?: object): Promise<unknown>;
  /** Stops it. */
  stop(): Promise<void>;
};

/** How a coordinator is started. */
export type StartOptions = {
  readonly code?: string;
  readonly log?: Log;
  /** Told what moves; may stop the coordinator there. */
  readonly onNotice?: (notice: CoordinatorNotice) => void;
};

/** How a device differs from the plain one. */
export type DeviceOptions = {
  readonly participant?: (blobs: BlobStore) => Participant;
  readonly installer?: Installer;
  /** A device that starts again, with what it had on disk. */
  readonly before?: PlantDevice;
  readonly log?: Log;
};

const fleet = parseName("plant");

/**
 * Prepares a plant in an empty directory: keys, registry with version 1 of the toy line, `coordinator.yaml`.
 *
 * @param yaml Lines that are added to the configuration.
 */
export async function roundPlant(directory: string, yaml = ""): Promise<RoundPlant> {
  await mkdir(directory, { recursive: true });
  const online = await createKeyFile(join(directory, "online.json"), "online");
  await writeFile(join(directory, "operator.token"), "operator-token-of-the-test\n");
  await releaseToy(directory, online);
  const path = (name: string): string => JSON.stringify(join(directory, name));
  let config = parseCoordinatorConfig(
    `format: 1
fleet: ${fleet}
line: ${toyLine}
data: ${path("data")}
registry: ${path("registry")}
key: ${path("online.json")}
http: { port: 0 }
mqtt: { port: 0 }
admin: { port: 0, tokenFile: ${path("operator.token")} }
tickMs: 20
${yaml}`,
    "coordinator.yaml",
  );
  let running: RunningPlant | undefined;
  return {
    get config() {
      return config;
    },
    async start(options = {}) {
      await mkdir(config.data, { recursive: true });
      const started = await start(config, options);
      config = withPorts(config, started.addresses);
      running = started;
      return started;
    },
    async device(name, options = {}) {
      if (running === undefined) throw new Error("start the coordinator first");
      return await addDevice(running, parseName(name), options);
    },
  };
}

async function releaseToy(directory: string, online: SigningKey): Promise<void> {
  const offline = await generateKey();
  const registry = await openRegistry({
    directory: join(directory, "registry"),
    key: online,
    clock: systemClock,
  });
  const { manifest, manifestBytes } = await toyBundle(registry.blobs);
  await registry.importOffline(
    await signOffline({
      key: offline,
      onlineKey: online,
      lines: [lineOf(manifest, { parents: [], approve: "automatic" })],
      releases: [manifestBytes],
      nowUs: systemClock.nowUs(),
    }),
  );
}

async function start(config: CoordinatorConfig, options: StartOptions): Promise<RunningPlant> {
  const stop = new AbortController();
  const ready = Promise.withResolvers<CoordinatorAddresses>();
  const { log = silentLog, code, onNotice } = options;
  const run = runCoordinator(
    config,
    {
      log,
      ready: ready.resolve,
      ...(code === undefined ? {} : { code }),
      ...(onNotice === undefined ? {} : { onNotice }),
    },
    stop.signal,
  );
  run.catch(ready.reject);
  const addresses = await ready.promise;
  return {
    addresses,
    async admin(method, path, body) {
      const response = await fetch(`${addresses.adminUrl}${path}`, {
        method,
        headers: { authorization: "Bearer operator-token-of-the-test" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer: unknown = JSON.parse(fromUtf8(new Uint8Array(await response.arrayBuffer())));
      if (!response.ok) throw Object.assign(new Error(path), answer);
      return answer;
    },
    async stop() {
      stop.abort();
      await run;
    },
  };
}

const withPorts = (config: CoordinatorConfig, at: CoordinatorAddresses): CoordinatorConfig => {
  const portOf = (url: string): number => Number(new URL(url).port);
  return {
    ...config,
    http: { ...config.http, port: portOf(at.url) },
    mqtt: { ...config.mqtt, port: portOf(at.mqttUrl) },
    admin: { ...config.admin, port: portOf(at.adminUrl) },
  };
};

async function addDevice(
  { addresses, admin }: RunningPlant,
  device: Name,
  { participant, installer, before, log = silentLog }: DeviceOptions,
): Promise<PlantDevice> {
  const key = before?.key ?? (await generateKey());
  const { coordinatorKey, root } = before ?? (await letIn(admin, device, key));
  const [store, blobs] = [before?.store ?? memoryStore(), before?.blobs ?? memoryBlobStore()];
  const installed: string[] = [...(before?.installed ?? [])];
  const seed = Number(device.replaceAll(/\D/g, "")) || 1;
  const client = await openSyncClient({
    url: addresses.url,
    mqttUrl: addresses.mqttUrl,
    fleet,
    device,
    key,
    coordinatorKey,
    store,
    blobs,
    participant:
      participant?.(blobs) ??
      toyParticipant({ device, data: toyData(100 + seed, 60), blobs, clock: systemClock }),
    installer: installer ?? {
      install: ({ target }) => {
        installed.push(target);
        return Promise.resolve({ kind: "active" });
      },
    },
    clock: systemClock,
    rng: seededRng(seed),
    log,
  });
  return { device, key, coordinatorKey, root, store, blobs, installed, client };
}

async function letIn(
  admin: RunningPlant["admin"],
  device: Name,
  key: SigningKey,
): ReturnType<typeof enrol> {
  const { token } = (await admin("POST", "/v1/admin/tokens", { lifetimeS: 60 })) as {
    readonly token: string;
  };
  return await enrol({ token, device, key });
}

/** Opens the HTTP routes as a device of the plant calls them. */
export const plantApi = (
  { addresses }: RunningPlant,
  { device, key }: Pick<PlantDevice, "device" | "key">,
): ReturnType<typeof coordinatorApi> =>
  coordinatorApi({
    url: addresses.url,
    fleet,
    device,
    key,
    clock: systemClock,
    fetch: globalThis.fetch,
  });

/** Notices of a coordinator that tests can wait for. */
export type NoticeBoard = {
  readonly onNotice: (notice: CoordinatorNotice) => void;
  /** Resolves at the next notice that fits. */
  until(stream: RegExp, kind: string): Promise<CoordinatorNotice>;
};

/** Makes a board; ask for a notice before what causes it. */
export function noticeBoard(): NoticeBoard {
  const waiters = new Set<(notice: CoordinatorNotice) => void>();
  return {
    onNotice: (notice) => {
      for (const waiter of waiters) waiter(notice);
    },
    until: (stream, kind) =>
      new Promise((resolve) => {
        waiters.add((notice) => {
          if (stream.test(notice.stream) && notice.kind === kind) resolve(notice);
        });
      }),
  };
}
