import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import type { Clock, Log, Name } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, fromUtf8, isName, messageOf } from "@edgeloop/core/platform";
import type { AuthenticateError, Client } from "aedes";
import { Aedes } from "aedes";
import type { Bell } from "../fleet-messages.ts";
import { httpStatus } from "../http-status.ts";
import { verifyJwt } from "../jwt.ts";
import type { VerifyKey } from "../keys.ts";
import type { PacketBounds } from "../packet-gate.ts";
import { packetGate } from "../packet-gate.ts";
import { deviceOfTopic, deviceTopic, mayPublish, maySubscribe, mqttAudience } from "../topics.ts";
import type { Listen } from "./listen.ts";
import { listenOn, secureServer } from "./listen.ts";

/** Largest payload that a device may publish: an event's envelope. */
const payloadBytesMax: number = 64 * 1024;

/**
 * Longest packets that are read at all. The first one holds names, a token and a will; later ones a payload and its topic,
 * with room for one that is a little too long to be refused by its own code.
 */
const packetBounds: PacketBounds = { firstBytesMax: 16 * 1024, bytesMax: 2 * payloadBytesMax };

/** Connections at once: each may hold a packet in memory, and a descriptor of the process. */
const connectionsMax = 16_384;

/** What the coordinator's broker needs. */
export type BrokerOptions = {
  readonly fleet: Name;
  readonly listen: Listen;
  readonly clock: Clock;
  readonly log: Log;
  /** The enrolled key of a device; throws for a revoked one. */
  readonly keyOf: (device: Name) => Promise<VerifyKey | undefined>;
  /**
   * Takes an event's envelope; the device's publication is acknowledged once this resolves, or once it rejects by a code
   * that says that the event will never do.
   */
  readonly onEvent: (device: Name, envelope: Uint8Array) => Promise<void>;
  /** Told when a device comes or goes. */
  readonly onPresence: (device: Name, isOnline: boolean) => void;
  /** Told of each refusal, for the metrics. */
  readonly onRefusal: (code: string) => void;
  /** Connections at once. */
  readonly connectionsMax?: number;
};

/** The coordinator's broker: transport for bells and events, never the only copy of anything. */
export type Broker = {
  readonly port: number;
  connected(): readonly Name[];
  /** Says that there is work; lost when the device is away, which asks by itself when it connects. */
  ring(device: Name, bell: Bell): void;
  /** Cuts a device off. */
  drop(device: Name): void;
  close(): Promise<void>;
};

/**
 * Opens the broker. A client's id and user name are its device's name, its password a JWT minted for this fleet.
 *
 * @throws `CONNECTION_INSECURE` when it would listen in plain text off loopback.
 */
export async function openBroker(options: BrokerOptions): Promise<Broker> {
  const { fleet, log } = options;
  const online = new Map<string, Client>();
  const aedes = await Aedes.createBroker({
    authenticate(client, username, password, done) {
      authenticate(options, { client, username, password })
        .then(() => done(null, true))
        .catch((error: unknown) => done(refusal(options, error), false));
    },
    authorizePublish(client, packet, done) {
      // Without a client it is the broker itself: bells and wills, of which aedes checks the latter with the client gone.
      const device = client === null ? deviceOfTopic(fleet, packet.topic) : asName(client.id);
      publish(options, device, { ...packet, isOwn: client === null })
        .then(() => done(null))
        .catch((error: unknown) => done(refusal(options, error)));
    },
    authorizeSubscribe(client, subscription, done) {
      const device = asName(client.id);
      const isAllowed = device !== undefined && maySubscribe(fleet, device, subscription.topic);
      if (!isAllowed) options.onRefusal("TOPIC_FORBIDDEN");
      done(null, isAllowed ? subscription : null);
    },
  });
  aedes.on("clientReady", (client) => {
    online.set(client.id, client);
    const device = asName(client.id);
    if (device !== undefined) options.onPresence(device, true);
  });
  aedes.on("clientDisconnect", (client) => {
    if (online.get(client.id) !== client) return;
    online.delete(client.id);
    const device = asName(client.id);
    if (device !== undefined) options.onPresence(device, false);
  });
  aedes.on("clientError", (client, error) => {
    log.debug("broker client error", { device: client.id, message: error.message });
  });
  aedes.on("connectionError", (_client, error) => {
    log.debug("broker connection error", { message: error.message });
  });
  const accept = (socket: Socket): void => {
    aedes.handle(socket);
    guard(options, socket);
  };
  const server = options.listen.tls
    ? secureServer(options.listen.tls, accept)
    : createServer(accept);
  server.maxConnections = options.connectionsMax ?? connectionsMax;
  server.on("drop", () => options.onRefusal("MQTT_CONNECTIONS_EXCEEDED"));
  const port = await listenOn(server, options.listen);
  return {
    port,
    connected: () => [...online.keys()].flatMap((id) => asName(id) ?? []).toSorted(),
    ring(device, bell) {
      const packet = {
        cmd: "publish",
        topic: deviceTopic(fleet, device, "bell"),
        payload: JSON.stringify(bell),
        qos: 0,
        retain: false,
        dup: false,
      } as const;
      aedes.publish(packet, (error) => {
        if (error) log.warn("bell failed", { device, message: error.message });
      });
    },
    drop: (device) => online.get(device)?.close(),
    close: () => closeBoth(aedes, server),
  };
}

/**
 * Cuts a connection off at a header that announces too long a packet: the broker would gather it first, from anybody.
 *
 * The broker reads by itself ("readable"), so that "data" only watches what it reads.
 */
function guard({ log, onRefusal }: BrokerOptions, socket: Socket): void {
  const take = packetGate(packetBounds);
  socket.on("data", (chunk: Uint8Array) => {
    if (socket.destroyed || take(chunk)) return;
    onRefusal("MQTT_PACKET_TOO_LARGE");
    log.warn("broker refused", { code: "MQTT_PACKET_TOO_LARGE" });
    socket.destroy();
  });
}

async function authenticate(
  { fleet, clock, keyOf }: BrokerOptions,
  credentials: {
    readonly client: Client;
    readonly username: string | undefined;
    readonly password: Buffer | undefined;
  },
): Promise<void> {
  const { client, username, password } = credentials;
  if (!isName(username) || client.id !== username || password === undefined) {
    throw new EdgeloopError(
      "MQTT_CREDENTIALS_INVALID",
      "expected the device's name as client id and user name, and a token as password",
    );
  }
  const claims = await verifyJwt(fromUtf8(password), {
    audience: mqttAudience(fleet),
    clock,
    keyOf,
  });
  if (claims.device !== username) {
    throw new EdgeloopError("DEVICE_MISMATCH", "the token is of another device");
  }
}

type Packet = {
  readonly topic: string;
  readonly payload: string | Buffer;
  readonly retain: boolean;
  readonly isOwn: boolean;
};

async function publish(
  options: BrokerOptions,
  device: Name | undefined,
  packet: Packet,
): Promise<void> {
  const { fleet } = options;
  if (packet.isOwn) return;
  if (device === undefined || !mayPublish(fleet, device, packet.topic)) {
    throw new EdgeloopError("TOPIC_FORBIDDEN", "a device publishes below its own id only", {
      details: { device, topic: packet.topic.slice(0, 256) },
    });
  }
  if (packet.payload.length > payloadBytesMax) {
    throw new EdgeloopError("EVENT_TOO_LARGE", `an event has at most ${payloadBytesMax} bytes`);
  }
  if (packet.topic !== deviceTopic(fleet, device, "events")) return;
  try {
    await options.onEvent(device, Buffer.from(packet.payload));
  } catch (error) {
    // Never to be taken: a device whose link were cut would send it again for ever, and nothing that waits behind it.
    if (![400, 409, 422].includes(httpStatus(error))) throw error;
    refusal(options, error);
  }
}

function refusal({ log, onRefusal }: BrokerOptions, error: unknown): AuthenticateError {
  onRefusal(codeOf(error));
  log.warn("broker refused", { code: codeOf(error), message: messageOf(error) });
  // MQTT 3.1.1 section 3.2.2.3: 5 is "not authorized".
  return Object.assign(new Error(codeOf(error)), { returnCode: 5 });
}

const asName = (id: string): Name | undefined => (isName(id) ? id : undefined);

async function closeBoth(aedes: Aedes, server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    aedes.close(() => resolve());
  });
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
  });
}
