import { access, constants } from "node:fs/promises";
import { createRequire } from "node:module";
import { createConnection, createServer } from "node:net";
import { dirname } from "node:path";
import { messageOf } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { backendNames, backends, installLine } from "@edgeloop/core/runtime/node";
import type { GatewayConfig, SensorConfig } from "../config.ts";
import { brokerTimeoutMs } from "../limits.ts";

/** One thing that a gateway needs or could use. */
export type Finding = {
  /** Such as `backend native` or `sensor vibration`. */
  readonly what: string;
  /** `missing`: the gateway cannot do what its configuration asks. `optional`: it works without. */
  readonly state: "ok" | "optional" | "missing";
  /** One sentence, with the line that installs what is not there. */
  readonly detail: string;
};

/** What is there, and what is not. */
export type GatewayCheck = { readonly ok: boolean; readonly findings: readonly Finding[] };

/** Looks at what a configuration needs, without starting anything that stays. */
export async function checkGateway(config: GatewayConfig): Promise<GatewayCheck> {
  const findings = await Promise.all([
    checkDirectory(config.dataDirectory),
    ...servingBackends.map((backend) => checkBackend(backend, config)),
    checkBroker(config),
    checkListener("http", config.http),
    ...config.sensors.map(checkSensor),
    checkCoordinator(config),
  ]);
  return { ok: findings.every(({ state }) => state !== "missing"), findings };
}

async function checkDirectory(directory: string): Promise<Finding> {
  const what = "data directory";
  for (let path = directory; ; path = dirname(path)) {
    const found = await access(path).then(
      () => true,
      () => false,
    );
    if (!found && path !== dirname(path)) continue;
    return await access(path, constants.W_OK).then(
      (): Finding => ({ what, state: "ok", detail: `${directory} can be written` }),
      (): Finding => ({ what, state: "missing", detail: `${path} cannot be written: chown it` }),
    );
  }
}

/** What may serve beside wasm, which is always there. */
const servingBackends = backendNames.filter((backend) => backend !== "wasm");

async function checkBackend(backend: Backend, { inference }: GatewayConfig): Promise<Finding> {
  const what = `backend ${backend}`;
  const probe = await backends[backend].probe({});
  if (probe.kind === "available") {
    return { what, state: "ok", detail: `${backends[backend].package} runs graphs here` };
  }
  const state = inference.backend === backend ? "missing" : "optional";
  return { what, state, detail: `${probe.reason}; ${installLine(backend)}` };
}

function checkBroker({ broker }: GatewayConfig): Promise<Finding> {
  if ("embedded" in broker) return checkListener("broker", broker.embedded);
  return checkConnection("broker", new URL(broker.url));
}

/** A free port can be taken; a taken one is reported, be it by this gateway or another program. */
function checkListener(
  what: string,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<Finding> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) =>
      resolve({ what, state: "missing", detail: `${host}:${port}: ${messageOf(error)}` }),
    );
    server.listen(port, host, () => {
      server.close(() => resolve({ what, state: "ok", detail: `${host}:${port} is free` }));
    });
  });
}

const defaultPorts: Readonly<Record<string, number>> = {
  "mqtt:": 1883,
  "mqtts:": 8883,
  "http:": 80,
  "https:": 443,
  "ws:": 80,
  "wss:": 443,
  "tcp:": 0,
};

function checkConnection(what: string, url: URL): Promise<Finding> {
  const port = Number(url.port) || (defaultPorts[url.protocol] ?? 0);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  return new Promise((resolve) => {
    const socket = createConnection({ host, port, timeout: brokerTimeoutMs });
    const answer = (state: Finding["state"], detail: string): void => {
      socket.destroy();
      resolve({ what, state, detail });
    };
    socket.once("connect", () => answer("ok", `${host}:${port} answers`));
    socket.once("timeout", () => answer("missing", `${host}:${port} does not answer`));
    socket.once("error", (error) => answer("missing", `${host}:${port}: ${messageOf(error)}`));
  });
}

async function checkSensor(sensor: SensorConfig): Promise<Finding> {
  const what = `sensor ${sensor.sensor}`;
  switch (sensor.kind) {
    case "mqtt":
      if (sensor.url === undefined) {
        return { what, state: "ok", detail: `reads ${sensor.topic} on the gateway's broker` };
      }
      return await checkConnection(what, new URL(sensor.url));
    case "replay":
      return await checkReadable(what, sensor.recording);
    default:
      if (sensor.path.startsWith("tcp://"))
        return await checkConnection(what, new URL(sensor.path));
      if (!isInstalled("serialport")) {
        return { what, state: "missing", detail: "serial ports need: npm install serialport" };
      }
      return await checkReadable(what, sensor.path);
  }
}

const checkReadable = (what: string, path: string): Promise<Finding> =>
  access(path, constants.R_OK).then(
    (): Finding => ({ what, state: "ok", detail: `${path} can be read` }),
    (error: unknown): Finding => ({ what, state: "missing", detail: messageOf(error) }),
  );

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.resolve("@edgeloop/sensor-adapters/node")).resolve(name);
    return true;
  } catch {
    return false;
  }
}

async function checkCoordinator({ coordinator }: GatewayConfig): Promise<Finding> {
  const what = "coordinator";
  if (coordinator === undefined) {
    return { what, state: "optional", detail: "none is configured: the gateway works alone" };
  }
  return await checkConnection(what, new URL(coordinator.url));
}
