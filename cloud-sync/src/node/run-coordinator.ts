import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { BlobStore, Clock, Log } from "@edgeloop/core/platform";
import { EdgeloopError, hasCode, messageOf } from "@edgeloop/core/platform";
import { openFileBlobStore, openSqliteStore, systemClock } from "@edgeloop/core/platform/node";
import type { Coordinator } from "../coordinator.ts";
import { openCoordinator } from "../coordinator.ts";
import type { CoordinatorConfig } from "../coordinator-config.ts";
import { lineModelSettingsOf, parseCoordinatorConfig, settingsOf } from "../coordinator-config.ts";
import type { CoordinatorNotice } from "../coordinator-ports.ts";
import type { SigningKey } from "../keys.ts";
import type { LoopConfig } from "../loop-config.ts";
import { parseProblemLoop } from "../loop-config.ts";
import { addAdminRoutes } from "./admin-routes.ts";
import { addBlobRoutes } from "./blob-routes.ts";
import type { Broker } from "./broker.ts";
import { openBroker } from "./broker.ts";
import { addDeviceRoutes } from "./device-routes.ts";
import { addEnrolmentRoutes } from "./enrolment-routes.ts";
import { httpServer, startServer } from "./http-server.ts";
import { readKeyFile } from "./key-file.ts";
import type { Listen } from "./listen.ts";
import { readTls } from "./listen.ts";
import type { CoordinatorMetrics } from "./metrics.ts";
import { coordinatorMetrics } from "./metrics.ts";
import type { Registry } from "./registry.ts";
import { openRegistry } from "./registry.ts";
import { registryModels } from "./registry-models.ts";
import { importReleasePackage } from "./release-package.ts";

/** Version of the code that plans rounds. */
export const coordinatorCode = "0.1.0";

/** How often online signatures are looked at. */
const refreshMs = 3_600_000;

/** What running a coordinator needs beside its configuration. */
export type RunCoordinatorOptions = {
  readonly log: Log;
  readonly clock?: Clock;
  /** Version of the code; a round in flight across a change is abandoned. */
  readonly code?: string;
  /** Told what moves, once it is on disk. */
  readonly onNotice?: (notice: CoordinatorNotice) => void;
  /** Told once the servers listen. */
  readonly ready?: (addresses: CoordinatorAddresses) => void;
};

/** Where a coordinator listens. */
export type CoordinatorAddresses = {
  readonly url: string;
  readonly mqttUrl: string;
  readonly adminUrl: string;
};

/**
 * Reads `coordinator.yaml`, and the policy of the problem file that it names; its relative paths become absolute.
 *
 * @throws `CONFIG_INVALID` naming file, line and field, of either file.
 */
export async function readCoordinatorConfig(path: string): Promise<CoordinatorConfig> {
  const { problem, ...config } = parseCoordinatorConfig(await readText(path), path);
  const absolute = (relative: string): string => resolve(dirname(path), relative);
  const { admin, tls } = config;
  return {
    ...config,
    ...(problem === undefined ? {} : { loop: await readLoop(absolute(problem)) }),
    data: absolute(config.data),
    registry: absolute(config.registry),
    releases: config.releases.map(absolute),
    key: absolute(config.key),
    admin: { ...admin, tokenFile: absolute(admin.tokenFile) },
    ...(tls ? { tls: { certificate: absolute(tls.certificate), key: absolute(tls.key) } } : {}),
  };
}

/** Whoever names a problem for its policy would not notice that it has none. */
async function readLoop(problem: string): Promise<LoopConfig> {
  const loop = parseProblemLoop(await readText(problem), problem);
  if (loop !== undefined) return loop;
  throw new EdgeloopError(
    "CONFIG_INVALID",
    `${problem}:1: loop: expected the policy that coordinator.yaml names this file for; write it here, or there instead of problem`,
    { details: { file: problem, line: 1, field: "loop" } },
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

const unreadable = (path: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("CONFIG_INVALID", `${path}: ${messageOf(cause)}`, { cause });

/**
 * Runs the coordinator until `signal` aborts: HTTP for devices, broker, operator's routes, and everything that they
 * decide about.
 *
 * @throws `CONNECTION_INSECURE`, `KEY_FILE_MISSING`, `REGISTRY_DAMAGED`, …
 */
export async function runCoordinator(
  config: CoordinatorConfig,
  options: RunCoordinatorOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock = systemClock, log, code = coordinatorCode } = options;
  const key = await readKeyFile(config.key, "online");
  const operatorToken = await readOperatorToken(config.admin.tokenFile);
  const tls = config.tls && (await readTls(config.tls));
  const registry = await openRegistry({ directory: config.registry, key, clock });
  await publishReleases(config, { registry, log });
  const blobs = await openFileBlobStore(join(config.data, "blobs"));
  const updates = await openFileBlobStore(join(config.data, "updates"));
  // Whatever ends this function closes what it opened, last first: a process that served nothing would never be restarted.
  await using opened = new AsyncDisposableStack();
  const store = await openSqliteStore(join(config.data, "ledger.db"));
  opened.defer(() => store.close());
  const metrics = coordinatorMetrics();
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  let broker: Broker | undefined;
  const coordinator = await openCoordinator(
    {
      settings: settingsOf(config),
      store,
      blobs,
      updates,
      key,
      models: registryModels({
        registry,
        blobs,
        settings: lineModelSettingsOf(config),
        ranges: config.training.ranges,
        session: { backend: "wasm", threads: 1 },
        code,
      }),
      clock,
      log,
      code,
      ring: (device, bell) => broker?.ring(device, bell),
    },
    until,
  );
  opened.defer(() => coordinator.idle());
  if (options.onNotice) coordinator.watch(options.onNotice);
  coordinator.watch(({ stream, kind }) => metrics.moved(stream.split("/")[0] ?? "", kind));
  const withTls = (listen: { readonly host: string; readonly port: number }): Listen => ({
    ...listen,
    ...(tls ? { tls } : {}),
  });
  broker = await serveBroker({ config, coordinator, clock, log, metrics }, withTls(config.mqtt));
  opened.defer(broker.close);
  const addresses = await serveHttp(
    {
      config,
      coordinator,
      clock,
      log,
      metrics,
      registry,
      broker,
      blobs,
      key,
      operatorToken,
      opened,
    },
    withTls(config.http),
  );
  const refresh = refreshSignatures(registry, { clock, log }, until);
  opened.defer(() => refresh);
  opened.defer(() => over.abort());
  options.ready?.({ ...addresses, mqttUrl: mqttUrlOf(config, broker.port) });
  log.info("coordinator ready", addresses);
  await coordinator.run();
}

type Parts = {
  readonly config: CoordinatorConfig;
  readonly coordinator: Coordinator;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: CoordinatorMetrics;
};

type HttpParts = Parts & {
  readonly registry: Registry;
  readonly broker: Broker;
  readonly blobs: BlobStore;
  readonly key: SigningKey;
  readonly operatorToken: string;
  /** Closes the servers. */
  readonly opened: AsyncDisposableStack;
};

function serveBroker(
  { config, coordinator, clock, log, metrics }: Parts,
  listen: Listen,
): Promise<Broker> {
  return openBroker({
    fleet: config.fleet,
    listen,
    clock,
    log,
    keyOf: coordinator.ledger.keyOf,
    onEvent: async (device, envelope) => {
      const key = await coordinator.ledger.keyOf(device);
      if (key === undefined) return;
      await coordinator.takeEvent({ device, key }, envelope);
      metrics.received("event", envelope.length);
    },
    onPresence: (device, isOnline) =>
      log.info(isOnline ? "device online" : "device offline", { device }),
    onRefusal: (refusal) => metrics.refused(refusal),
  });
}

async function serveHttp(
  parts: HttpParts,
  listen: Listen,
): Promise<Omit<CoordinatorAddresses, "mqttUrl">> {
  const { config, coordinator, clock, log, metrics, registry, broker, blobs, key } = parts;
  const authentication = { fleet: config.fleet, clock, keyOf: coordinator.ledger.keyOf };
  const app = httpServer({ listen, log, metrics });
  parts.opened.defer(() => app.close());
  app.get("/healthz", (_request, reply) => reply.send('{"status":"ok"}'));
  addEnrolmentRoutes(app, { coordinator, registry, key, clock });
  addDeviceRoutes(app, { coordinator, authentication, metrics });
  addBlobRoutes(app, { blobs, registry, authentication });
  const port = await startServer(app, listen);
  const url = `${listen.tls ? "https" : "http"}://${listen.host}:${port}`;
  const adminListen = { host: "127.0.0.1", port: config.admin.port };
  const admin = httpServer({ listen: adminListen, log, metrics });
  parts.opened.defer(() => admin.close());
  addAdminRoutes(admin, {
    coordinator,
    broker,
    registry,
    metrics,
    clock,
    key,
    fleet: config.fleet,
    publicUrl: config.publicUrl ?? url,
    operatorToken: parts.operatorToken,
  });
  const adminPort = await startServer(admin, adminListen);
  return { url, adminUrl: `http://127.0.0.1:${adminPort}` };
}

const mqttUrlOf = ({ mqtt, tls }: CoordinatorConfig, port: number): string =>
  `${tls ? "mqtts" : "mqtt"}://${mqtt.host}:${port}`;

async function readOperatorToken(path: string): Promise<string> {
  const token = (await readText(path)).trim();
  if (token.length >= 16) return token;
  throw new EdgeloopError("CONFIG_INVALID", `${path}: expected an operator token of 16 characters`);
}

/** Publishes the configured packages; one that a later package has replaced is passed over. */
async function publishReleases(
  { releases }: CoordinatorConfig,
  { registry, log }: { readonly registry: Registry; readonly log: Log },
): Promise<void> {
  for (const directory of releases) {
    try {
      const targets = await importReleasePackage(directory, registry);
      log.info("release package published", { directory, targets });
    } catch (error) {
      if (!hasCode(error, "OTA_ROLLBACK")) throw error;
    }
  }
}

/** Renews online signatures before they expire, every hour. */
async function refreshSignatures(
  registry: Registry,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await registry.refresh();
    } catch (error) {
      log.error("signatures not renewed", { message: messageOf(error) });
    }
    await clock.sleep(refreshMs, signal).catch(() => undefined);
  }
}
