import type { Clock, Log, Name, Rng } from "@edgeloop/core/platform";
import { EdgeloopError, fromUtf8, messageOf } from "@edgeloop/core/platform";
import type { MqttClient } from "mqtt";
import { connect } from "mqtt";
import { backoffMs } from "../backoff.ts";
import { parseBell } from "../fleet-messages.ts";
import { mintJwt } from "../jwt.ts";
import type { SigningKey } from "../keys.ts";
import { parseSecureUrl } from "../secure-url.ts";
import type { SyncOutbox } from "../sync-outbox.ts";
import { deviceTopic, mqttAudience } from "../topics.ts";
import type { Wakeable } from "./wakeable.ts";

/** What a device's connection to the coordinator's broker needs. */
export type SyncLinkOptions = {
  readonly mqttUrl: string;
  readonly fleet: Name;
  readonly device: Name;
  readonly key: SigningKey;
  readonly outbox: SyncOutbox;
  /** Woken when there are events to publish. */
  readonly events: Wakeable;
  readonly onBell: () => void;
  readonly onConnection: (isConnected: boolean) => void;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log: Log;
};

const retry = { baseMs: 250, capMs: 10_000 };
const connectTimeoutMs = 10_000;
const keepaliveS = 30;
/** How long a goodbye may take. */
const leaveMsMax = 1_000;
/** Events that are read from the outbox at once. */
const eventsAtOnceMax = 64;

/** Keeps the connection up until `signal` aborts: birth, will, bells in, events out. */
export async function runSyncLink(options: SyncLinkOptions, signal: AbortSignal): Promise<void> {
  const { clock, rng, log } = options;
  for (let failures = 0; !signal.aborted; ) {
    try {
      await hold(options, signal, () => {
        failures = 0;
      });
    } catch (error) {
      log.debug("broker lost", { message: messageOf(error) });
    }
    failures += 1;
    await clock.sleep(backoffMs(failures, retry, rng), signal).catch(() => undefined);
  }
}

/** Connects and stays until the connection is lost. */
async function hold(
  options: SyncLinkOptions,
  signal: AbortSignal,
  connected: () => void,
): Promise<void> {
  const { fleet, device, key, clock, onBell, onConnection } = options;
  const topic = deviceTopic(fleet, device, "state");
  const password = await mintJwt({ key, device, audience: mqttAudience(fleet), clock });
  if (signal.aborted) return;
  const client = connect(parseSecureUrl(options.mqttUrl).href, {
    clientId: device,
    username: device,
    password,
    protocolVersion: 4,
    clean: true,
    // A new connection needs a new token, so reconnecting is done here.
    reconnectPeriod: 0,
    connectTimeout: connectTimeoutMs,
    keepalive: keepaliveS,
    will: { topic, payload: Buffer.from(stateOf("offline")), qos: 1, retain: true },
  });
  const over = new AbortController();
  const lost = lossOf(client).finally(() => over.abort());
  const stop = (): void => {
    Promise.race([leave(client, topic), clock.sleep(leaveMsMax)])
      .catch(() => undefined)
      .finally(() => client.end(true));
  };
  client.on("message", (_topic, payload) => {
    if (isBell(payload)) onBell();
  });
  client.on("connect", () => {
    connected();
    onConnection(true);
    const until = AbortSignal.any([signal, over.signal]);
    greet(client, options, topic)
      .then(() => publishEvents(client, options, until))
      .catch(() => client.end(true));
  });
  signal.addEventListener("abort", stop, { once: true });
  try {
    await lost;
  } finally {
    signal.removeEventListener("abort", stop);
    onConnection(false);
    client.end(true);
  }
}

async function greet(
  client: MqttClient,
  { fleet, device }: SyncLinkOptions,
  topic: string,
): Promise<void> {
  await client.subscribeAsync(deviceTopic(fleet, device, "bell"), { qos: 1 });
  await client.publishAsync(topic, stateOf("online"), { qos: 1, retain: true });
}

/** A clean disconnect suppresses the will (MQTT 3.1.1 section 3.14.4), so "offline" is said first. */
async function leave(client: MqttClient, topic: string): Promise<void> {
  if (client.connected)
    await client.publishAsync(topic, stateOf("offline"), { qos: 1, retain: true });
  await client.endAsync();
}

/** Publishes events oldest first; each leaves the outbox once it is acknowledged. */
async function publishEvents(
  client: MqttClient,
  { fleet, device, outbox, events }: SyncLinkOptions,
  signal: AbortSignal,
): Promise<void> {
  const topic = deviceTopic(fleet, device, "events");
  while (!signal.aborted) {
    const waiting = await outbox.events(eventsAtOnceMax);
    for (const { sequence, envelope } of waiting) {
      await client.publishAsync(topic, Buffer.from(envelope), { qos: 1 });
      await outbox.removeEvents(sequence);
    }
    if (waiting.length === 0) await events.wait(signal);
  }
}

/** Resolves or rejects when the connection is over. */
function lossOf(client: MqttClient): Promise<void> {
  return new Promise((resolve, reject) => {
    client.on("error", (cause) =>
      reject(new EdgeloopError("BROKER_REFUSED", messageOf(cause), { cause })),
    );
    client.on("close", () => resolve());
  });
}

const stateOf = (state: "online" | "offline"): string => JSON.stringify({ format: 1, state });

function isBell(payload: Uint8Array): boolean {
  try {
    parseBell(JSON.parse(fromUtf8(payload)));
    return true;
  } catch {
    // Whatever it was: a bell only says that something is to be fetched.
    return false;
  }
}
