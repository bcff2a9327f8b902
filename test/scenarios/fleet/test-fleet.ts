import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Label } from "@edgeloop/core/data";
import { bytesOf } from "@edgeloop/core/platform";
import type { PredictionMessage, SensorConfig } from "@edgeloop/device-agent";
import { localTopics } from "@edgeloop/device-agent";
import type { MqttClient } from "mqtt";
import { connect } from "mqtt";
import { parse, stringify } from "yaml";
import type { CaptureLedger } from "../../../cli/src/demo/capture/ledger.ts";
import { captureLedger } from "../../../cli/src/demo/capture/ledger.ts";
import type { CoordinatorMember, Notice } from "../../../cli/src/demo/fleet/coordinator-member.ts";
import { coordinatorMember } from "../../../cli/src/demo/fleet/coordinator-member.ts";
import type { GatewayMember } from "../../../cli/src/demo/fleet/gateway-member.ts";
import { setUpGateway } from "../../../cli/src/demo/fleet/gateway-member.ts";
import type { SensorPublisher } from "../../../cli/src/demo/fleet/sensor-publisher.ts";
import { sensorPublisher } from "../../../cli/src/demo/fleet/sensor-publisher.ts";
import type { PlantStream } from "../../../cli/src/demo/plant/plant-stream.ts";
import {
  accelerationStep,
  epochUs,
  labelOfWindow,
  packetSamples,
  packetUs,
  plantStream,
} from "../../../cli/src/demo/plant/plant-stream.ts";
import { demoNames, gatewayName } from "../../../cli/src/demo/settings.ts";
import type { Plant } from "../../../cli/src/demo/setup.ts";
import type { Renamed } from "./small-plant.ts";
import { line, seed } from "./small-plant.ts";

/** Sensor time, in seconds since the epoch of the schedule. */
export const atS = (seconds: number): number => epochUs + seconds * 1e6;
/** Longest that a scenario waits for anything. */
const waitMsMax = 90_000;
const pollMs = 25;

/** A request that a gateway made to the coordinator. */
export type SeenRequest = {
  readonly gateway: string;
  readonly method: string;
  readonly path: string;
};

/** A gateway with its pump. */
export type Station = {
  readonly member: GatewayMember;
  readonly stream: PlantStream;
  readonly renamed: Renamed;
  /** The packet that starts at a sensor time, as this gateway's sensor sends it. */
  readonly packet: (startUs: number) => Uint8Array;
  readonly publisher: SensorPublisher;
  readonly labels: MqttClient;
  readonly labelsTopic: string;
  /** What its local broker was seen to publish. */
  readonly predictions: PredictionMessage[];
  /** Labels that its local broker acknowledged. */
  readonly acknowledged: Label[];
};

/** A coordinator and its gateways, each a process. */
export type TestFleet = {
  readonly plant: Plant;
  readonly coordinator: CoordinatorMember;
  readonly stations: readonly Station[];
  readonly ledger: CaptureLedger;
  readonly notices: readonly Notice[];
  /** Called for each request of a gateway to the coordinator, before it is passed on. */
  onRequest: (request: SeenRequest) => void;
  /** Called for each notice of the coordinator. */
  onNotice: (notice: Notice) => void;
  /** Plays all pumps; resolves when every packet was acknowledged. */
  play(span: Span): Promise<void>;
  close(): Promise<void>;
};

/** A stretch of sensor time, in seconds since the epoch, and how fast it is played. */
export type Span = {
  readonly fromS: number;
  readonly toS: number;
  readonly speed: number;
  /** Machines know nothing of each other: their packets are due one after the other, unless this says at once. */
  readonly inStep?: boolean;
  readonly signal?: AbortSignal;
};

/** Waits until something holds, asked often. */
export async function until(
  what: string,
  check: () => boolean | Promise<boolean>,
  how: { readonly signal?: AbortSignal | undefined; readonly waitMsMax?: number } = {},
): Promise<void> {
  const waitMs = how.waitMsMax ?? waitMsMax;
  const endMs = performance.now() + waitMs;
  while (!(await check())) {
    if (how.signal?.aborted) return;
    if (performance.now() > endMs) throw new Error(`waited ${waitMs} ms until ${what}`);
    await delay(pollMs);
  }
}

/** How a fleet differs from the usual one. */
export type FleetOptions = {
  readonly gateways: number;
  /** Sensors send float32, which can say more than a sensor should. */
  readonly float?: boolean;
  /** At its usual 19 a learner gets what others leave, and a busy machine leaves it nothing for minutes. */
  readonly learnerNice?: number;
  readonly renamed?: Renamed;
  /** Where gateways reach the coordinator's HTTP routes; absent: at the coordinator. */
  readonly httpPort?: number;
};

/** Starts a fleet on a plant: coordinator first, then all gateways at once, enrolled and serving the first release. */
export async function startFleet(plant: Plant, options: FleetOptions): Promise<TestFleet> {
  const over = new AbortController();
  const { signal } = over;
  const ledger = captureLedger();
  const coordinator = coordinatorMember(plant);
  const notices: Notice[] = [];
  const stations: Station[] = [];
  const fleet: TestFleet = {
    ...{ plant, coordinator, stations, ledger, notices },
    onRequest: () => undefined,
    onNotice: () => undefined,
    play: (span) => play(stations, span),
    async close() {
      over.abort();
      await following;
      await Promise.allSettled(stations.map(closeStation));
      await coordinator.daemon.kill("SIGTERM");
    },
  };
  await coordinator.daemon.start(signal);
  const following = coordinator
    .follow((notice) => {
      notices.push(notice);
      fleet.onNotice(notice);
    }, signal)
    .catch(() => undefined);
  try {
    const names = Array.from({ length: options.gateways }, (_, index) => gatewayName(index));
    stations.push(
      ...(await Promise.all(
        names.map((name, index) => openStation(fleet, name, { ...options, index, signal })),
      )),
    );
    await confirmFirst(fleet);
  } catch (error) {
    await fleet.close();
    throw error;
  }
  return fleet;
}

/** Seconds of sensor time that are played before the first release is confirmed everywhere. */
export const confirmedAtS = 3;

/** A release is confirmed by windows that it served. */
async function confirmFirst(fleet: TestFleet): Promise<void> {
  await until("every gateway serves", async () => {
    const all = await Promise.all(fleet.stations.map(healthOf));
    return all.every((health) => health["model"] !== undefined);
  });
  await fleet.play({ fromS: 0, toS: confirmedAtS, speed: 8 });
  await until("the first release is out", async () => {
    return (await rolloutOf(fleet, fleet.plant.release.sha256))?.kind === "done";
  });
}

const sensorOf = (isFloat: boolean): SensorConfig => ({
  kind: "mqtt",
  sensor: demoNames.sensor,
  topic: demoNames.topic,
  rateHz: 1000,
  channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
  format: {
    kind: "packed",
    time: { type: "int64", unit: "us" },
    ...(isFloat ? { type: "float32" } : { type: "int16", scale: accelerationStep }),
  },
});

/** A packet as float32: its time, then rows of three. */
export function floatPacket(startUs: number, rows: Float32Array): Uint8Array {
  const bytes = new Uint8Array(8 + rows.byteLength);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(startUs), true);
  bytes.set(bytesOf(rows), 8);
  return bytes;
}

async function openStation(
  fleet: TestFleet,
  name: string,
  options: FleetOptions & { readonly index: number; readonly signal: AbortSignal },
): Promise<Station> {
  const { coordinator, ledger } = fleet;
  const { index, signal, float = false, httpPort = fleet.plant.ports.http } = options;
  const plant = { ...fleet.plant, ports: { ...fleet.plant.ports, http: httpPort } };
  const member = await setUpGateway({
    ...{ plant, coordinator, name, ledger },
    sensor: sensorOf(float),
    backend: "wasm",
    onRequest: (gateway, method, path) => fleet.onRequest({ gateway, method, path }),
  });
  const file = join(plant.directory, "gateways", `${name}.yaml`);
  await setNice(file, options.learnerNice ?? 0);
  await member.daemon.start(signal);
  const publisher = sensorPublisher(member.brokerUrl, demoNames.topic);
  const labels = connect(member.brokerUrl, { reconnectPeriod: 200, resubscribe: true });
  labels.on("error", () => undefined);
  const topics = localTopics({ fleet: demoNames.fleet, id: name });
  const predictions: PredictionMessage[] = [];
  labels.on("message", (_topic, payload) => {
    predictions.push(JSON.parse(payload.toString()));
  });
  await labels.subscribeAsync(topics.inference(line), { qos: 1 });
  const stream = plantStream(seed, index, { changeUs: epochUs, endUs: atS(600) });
  return {
    ...{ member, publisher, labels, predictions, stream },
    renamed: options.renamed ?? {},
    packet: (startUs) =>
      float
        ? floatPacket(startUs, stream.acceleration(startUs, packetSamples))
        : stream.packet(startUs),
    labelsTopic: topics.labels,
    acknowledged: [],
  };
}

async function setNice(file: string, nice: number): Promise<void> {
  const config = parse(await readFile(file, "utf8"));
  await writeFile(file, stringify({ ...config, learner: { nice } }));
}

async function closeStation({ member, publisher, labels }: Station): Promise<void> {
  await Promise.allSettled([publisher.close(), labels.endAsync(true)]);
  await member.daemon.kill("SIGTERM");
  await member.close();
}

/** Hands every packet over when its last sample is due, and waits until all of them were acknowledged. */
async function play(stations: readonly Station[], span: Span): Promise<void> {
  const startMs = performance.now();
  const lag = packetUs / stations.length;
  await Promise.all(
    stations.map((station, index) =>
      playOne(station, span, startMs + (span.inStep ? 0 : (index * lag) / 1000 / span.speed)),
    ),
  );
  const delivered = (): boolean => stations.every(({ publisher }) => publisher.waiting() === 0);
  const { fromS, toS, signal } = span;
  await until(`${fromS} s to ${toS} s are delivered`, delivered, { signal });
}

async function playOne(
  { publisher, packet }: Station,
  { fromS, toS, speed, signal }: Span,
  startMs: number,
): Promise<void> {
  for (let startUs = atS(fromS); startUs < atS(toS); startUs += packetUs) {
    if (signal?.aborted) return;
    const bytes = packet(startUs);
    const dueMs = startMs + (startUs + packetUs - atS(fromS)) / 1000 / speed;
    await delay(Math.max(0, dueMs - performance.now()));
    publisher.publish({ startUs, bytes });
  }
}

/** Publishes a label and notes it once it was acknowledged. */
export async function giveLabel(station: Station, label: Label): Promise<void> {
  const payload = JSON.stringify({ sensor: station.stream.sensor, ...label });
  await station.labels.publishAsync(station.labelsTopic, payload, { qos: 1 });
  station.acknowledged.push(label);
}

/** What an operator says about the windows of a stretch. */
export function labelsOf(
  { stream, renamed }: Station,
  fromS: number,
  toS: number,
): readonly Label[] {
  const labels: Label[] = [];
  for (let startUs = atS(fromS); startUs + 2 * packetUs <= atS(toS); startUs += packetUs) {
    const window = { startUs, endUs: startUs + 2 * packetUs };
    const label = labelOfWindow(stream.segments, window, { seed, share: 0.6 });
    if (label) labels.push({ ...label, label: renamed[label.label] ?? label.label });
  }
  return labels;
}

/** Plays a stretch and delivers its labels; resolves when all of it is on the gateways' disks. */
export async function deliver(
  fleet: TestFleet,
  fromS: number,
  toS: number,
  { labelled = fleet.stations }: { readonly labelled?: readonly Station[] } = {},
): Promise<void> {
  await fleet.play({ fromS, toS: toS + 0.2, speed: 8 });
  const lastUs = atS(toS) - 2 * packetUs;
  await until("every window was predicted", () =>
    fleet.stations.every(({ predictions }) => predictions.some(({ startUs }) => startUs >= lastUs)),
  );
  await Promise.all(labelled.map((station) => giveLabels(station, fromS, toS)));
}

/** Labels a stretch and says that nothing of it is missing. */
export async function giveLabels(station: Station, fromS: number, toS: number): Promise<void> {
  await Promise.all(labelsOf(station, fromS, toS).map((label) => giveLabel(station, label)));
  const watermark = { sensor: station.stream.sensor, completeUntilUs: atS(toS) };
  const payload = JSON.stringify(watermark);
  await station.labels.publishAsync(station.labelsTopic, payload, { qos: 1 });
}

/** One entry of the coordinator's status. */
export type StatusEntry = {
  readonly name: string;
  readonly kind: string;
  readonly details: Readonly<Record<string, unknown>>;
};

/** Reads a list of the coordinator's status; empty while nobody answers. */
export async function statusOf(
  { coordinator }: Pick<TestFleet, "coordinator">,
  list: "rounds" | "rollouts" | "campaigns" | "devices",
): Promise<readonly StatusEntry[]> {
  const status = await coordinator.ask("status").catch(() => ({}));
  return Object(status)[list] ?? [];
}

const manifestOf = ({ details }: StatusEntry): string =>
  String(Object(details["release"]).manifestSha256);

async function rolloutOf(fleet: TestFleet, manifest: string): Promise<StatusEntry | undefined> {
  return (await statusOf(fleet, "rollouts")).find((entry) => manifestOf(entry) === manifest);
}

/** Waits for the rollout of what the campaign released, and names its manifest. */
export async function nextRelease(fleet: TestFleet): Promise<string> {
  let manifest = "";
  await until("the next release is out", async () => {
    const rollouts = await statusOf(fleet, "rollouts");
    const next = rollouts.find((entry) => manifestOf(entry) !== fleet.plant.release.sha256);
    if (next) manifest = manifestOf(next);
    const failed = await failureOf(fleet);
    if (failed) throw new Error(`no release: ${failed}`);
    return next?.kind === "done";
  });
  return manifest;
}

async function failureOf(fleet: TestFleet): Promise<string | undefined> {
  const over = [...(await statusOf(fleet, "rounds")), ...(await statusOf(fleet, "rollouts"))].find(
    ({ kind }) => ["abandoned", "rejected", "stopped", "failed"].includes(kind),
  );
  return over && JSON.stringify(over);
}

/** Asks a gateway's health page; empty while nobody answers. */
export async function healthOf({ member }: Station): Promise<Readonly<Record<string, unknown>>> {
  return await fetch(`${member.httpUrl}/healthz`)
    .then((response) => response.json())
    .then((body) => Object(body))
    .catch(() => ({}));
}
