import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { SensorConfig } from "@edgeloop/device-agent";
import { stringify } from "yaml";
import { commandLine } from "../../command-line.ts";
import type { DownloadProgress, RecordingProxy } from "../capture/http-proxy.ts";
import { httpProxy } from "../capture/http-proxy.ts";
import { classifyExchange, classifyPublish } from "../capture/kinds.ts";
import type { CaptureLedger } from "../capture/ledger.ts";
import { mqttProxy } from "../capture/mqtt-proxy.ts";
import { demoNames } from "../settings.ts";
import type { Plant } from "../setup.ts";
import type { CoordinatorMember } from "./coordinator-member.ts";
import type { Daemon } from "./daemon.ts";
import { daemon, healthy } from "./daemon.ts";
import { freePort } from "./free-port.ts";

/** One gateway of the demo: its process, its own broker, and the proxies between it and the coordinator. */
export type GatewayMember = {
  readonly name: string;
  readonly daemon: Daemon;
  /** The gateway's own broker. */
  readonly brokerUrl: string;
  /** Its /metrics and /healthz. */
  readonly httpUrl: string;
  /** Folder of its data. */
  readonly directory: string;
  /** Slows down the bodies of answers to this gateway; undefined for full speed. */
  slowDownload: number | undefined;
  close(): Promise<void>;
};

/** What a gateway is set up from. */
export type MemberOptions = {
  readonly plant: Plant;
  readonly coordinator: Pick<CoordinatorMember, "ask">;
  readonly name: string;
  readonly sensor: SensorConfig;
  readonly ledger: CaptureLedger;
  readonly backend: "auto" | "wasm" | "native";
  readonly onRequest?: (gateway: string, method: string, path: string) => void;
  /** Told after each piece of a download that is slowed down. */
  readonly onPiece?: (gateway: string, path: string, progress: DownloadProgress) => void;
};

/** A token of the demo waits for the gateway to start, no longer. */
const tokenLifetimeS = 600;

/** Writes a gateway's files, gets it a token, and puts proxies between it and the coordinator. Nothing runs yet. */
export async function setUpGateway(options: MemberOptions): Promise<GatewayMember> {
  const { plant, name, ledger } = options;
  const directory = join(plant.directory, "gateways", name);
  await mkdir(directory, { recursive: true });
  const [broker, http] = [await freePort(), await freePort()];
  const member: { slow: number | undefined } = { slow: undefined };
  const { httpPort, mqttPort, close } = await proxies(options, ledger, () => member.slow);
  const { token } = await options.coordinator.ask("tokens", { lifetimeS: tokenLifetimeS });
  const tokenFile = join(plant.directory, "tokens", name);
  await writeFile(tokenFile, String(token), { mode: 0o600 });
  const config = {
    format: 1,
    id: name,
    fleet: demoNames.fleet,
    line: demoNames.line,
    dataDirectory: directory,
    broker: { embedded: { host: "127.0.0.1", port: broker } },
    sensors: [options.sensor],
    http: { host: "127.0.0.1", port: http },
    coordinator: {
      url: `http://127.0.0.1:${httpPort}`,
      mqttUrl: `mqtt://127.0.0.1:${mqttPort}`,
      tokenFile,
    },
    inference: { backend: options.backend, threads: 1 },
  };
  const file = join(plant.directory, "gateways", `${name}.yaml`);
  await writeFile(file, stringify(config));
  return {
    name,
    directory,
    brokerUrl: `mqtt://127.0.0.1:${broker}`,
    httpUrl: `http://127.0.0.1:${http}`,
    daemon: daemon({
      name,
      args: commandLine(["gateway", "run", file]),
      cwd: plant.directory,
      logFile: join(plant.directory, "logs", `${name}.log`),
      ready: healthy(http),
      readyTimeoutMs: 60_000,
    }),
    get slowDownload() {
      return member.slow;
    },
    set slowDownload(bytesPerSecond) {
      member.slow = bytesPerSecond;
    },
    close,
  };
}

async function proxies(
  { plant, name, onRequest, onPiece }: MemberOptions,
  ledger: CaptureLedger,
  slow: () => number | undefined,
): Promise<{ readonly httpPort: number; readonly mqttPort: number; close(): Promise<void> }> {
  const http: RecordingProxy = await httpProxy({
    gateway: name,
    target: () => new URL(`http://127.0.0.1:${plant.ports.http}`),
    classify: classifyExchange,
    ledger,
    throttle: slow,
    onRequest: (method, path) => onRequest?.(name, method, path),
    onPiece: (path, progress) => onPiece?.(name, path, progress),
  });
  const mqtt = await mqttProxy({
    gateway: name,
    target: () => ({ host: "127.0.0.1", port: plant.ports.mqtt }),
    classify: classifyPublish,
    ledger,
  });
  return {
    httpPort: http.port,
    mqttPort: mqtt.port,
    close: async () => {
      await Promise.all([http.close(), mqtt.close()]);
    },
  };
}
