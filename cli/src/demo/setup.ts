import { randomBytes } from "node:crypto";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseProblem } from "@edgeloop/models";
import { stringify } from "yaml";
import { runCommand } from "../command-line.ts";
import { freePort } from "./fleet/free-port.ts";
import { demoNames } from "./settings.ts";

/** Where the demo's coordinator is, before it runs. */
export type Ports = { readonly http: number; readonly mqtt: number; readonly admin: number };

/** All that has to exist before a process of the fleet can start. */
export type Plant = {
  readonly directory: string;
  readonly ports: Ports;
  readonly operatorToken: string;
  /** What `edgeloop release` said of version 1. */
  readonly release: {
    readonly sha256: string;
    readonly bytes: number;
    readonly float: { readonly accuracy: number; readonly macroF1: number };
    readonly int8: { readonly accuracy: number; readonly macroF1: number };
  };
};

/** What setting the plant up needs. */
export type SetupOptions = {
  readonly directory: string;
  /** Text of `edgeloop.yaml`. */
  readonly problem: string;
  /** Makes the recordings of the laboratory; returns their folder. */
  readonly laboratory: (directory: string) => Promise<string>;
  readonly groupBy: string;
  readonly where: readonly string[];
  readonly devices: number;
  /** Parts of `coordinator.yaml` that take the place of the demo's own. */
  readonly coordinator?: Readonly<Record<string, unknown>>;
  readonly signal: AbortSignal;
  readonly say: (line: string) => void;
};

/**
 * Sets a plant up in an empty folder, by the commands that a person would type, each in a process of its own: keys
 * (offline and online apart), recordings, and the signed first release.
 */
export async function setUpPlant(options: SetupOptions): Promise<Plant> {
  const { signal, say } = options;
  // The commands run inside it, where a path from here would mean something else.
  const directory = resolve(options.directory);
  await rm(directory, { recursive: true, force: true });
  for (const folder of ["keys", "tokens", "logs", "coordinator"]) {
    await mkdir(join(directory, folder), { recursive: true });
  }
  await writeFile(join(directory, "edgeloop.yaml"), options.problem);
  const run = (words: readonly string[]) =>
    runCommand(words, { cwd: directory, signal, onLine: say });
  say("keys: offline and online, each made in a process of its own");
  await run(["keys", "init", "--role", "offline", "--out", "keys"]);
  await run(["keys", "init", "--role", "online", "--out", "keys"]);
  say("laboratory: recording");
  const data = await options.laboratory(directory);
  say("release 1: features, network, loss, gradients and optimizer in one graph");
  const release = await run([
    "release",
    "edgeloop.yaml",
    ...["--data", data, "--group-by", options.groupBy],
    ...options.where.flatMap((condition) => ["--where", condition]),
    ...["--line", demoNames.line, "--key", "keys/offline.json"],
    ...["--online-key", "keys/online.pub.json", "--output", "release-1"],
  ]);
  const ports = { http: await freePort(), mqtt: await freePort(), admin: await freePort() };
  const operatorToken = randomBytes(24).toString("base64url");
  await writeFile(join(directory, "keys", "operator.token"), operatorToken, { mode: 0o600 });
  await writeFile(join(directory, "coordinator.yaml"), coordinatorYaml(options, ports));
  return { directory, ports, operatorToken, release: release as Plant["release"] };
}

/** The coordinator's file: the problem that has the policy, and times that suit a demo of minutes. */
function coordinatorYaml({ problem, devices, coordinator }: SetupOptions, ports: Ports): string {
  const { training } = parseProblem(problem, "edgeloop.yaml");
  const listen = (port: number) => ({ host: "127.0.0.1", port });
  return stringify({
    format: 1,
    fleet: demoNames.fleet,
    line: demoNames.line,
    data: "coordinator/data",
    registry: "coordinator/registry",
    releases: ["release-1"],
    key: "keys/online.json",
    http: listen(ports.http),
    mqtt: listen(ports.mqtt),
    admin: { port: ports.admin, tokenFile: "keys/operator.token" },
    problem: "edgeloop.yaml",
    training: {
      seed: training.seed,
      epochs: 10,
      batchSize: 16,
      learningRate: 0.005,
      learningRateFloor: 0.3,
      backend: "wasm",
      optimizer: { kind: "adamw", weightDecay: training.weightDecay },
      // Blocks shorter than a state of the pumps, so that every device is judged on every class.
      holdoutEvery: 4,
      holdoutBlockS: 0.6,
    },
    limits: { valueMax: 16, cohortMax: Math.max(16, devices) },
    ...deadlinesOf(devices),
    // A rest between two updates, so that the accident of a kill while aggregating has something to hit.
    aggregateRestMs: 120,
    ...coordinator,
  });
}

/** Times in which so many gateways, which share one machine's processors, train, judge and install. */
function deadlinesOf(devices: number) {
  const atLeast = (seconds: number, perDevice: number): number =>
    Math.max(seconds, perDevice * devices);
  return {
    deadlines: {
      selectingS: 30,
      trainingS: atLeast(60, 10),
      calibratingS: atLeast(45, 5),
      evaluatingS: atLeast(45, 5),
    },
    rollout: { canaries: 1, stages: [1], failuresMax: 0, stageS: atLeast(60, 10) },
  };
}
