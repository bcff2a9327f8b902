import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import type { Log } from "@edgeloop/core/platform";
import { EdgeloopError, messageOf } from "@edgeloop/core/platform";
import { Aedes } from "aedes";
import type { LabelInlet, LocalBroker } from "../local-broker.ts";
import { boundSessions } from "./bounded-sessions.ts";

type PublishHook = Aedes["authorizePublish"];

/**
 * Starts the gateway's own broker: MQTT 3.1.1, in memory, on a loopback address. What it keeps for clients that are away is
 * bounded.
 *
 * A label's PUBACK follows its commit: aedes acknowledges QoS 1 after `authorizePublish` has answered, so the hook
 * waits for the disk. A message that cannot be stored closes its connection, unacknowledged, and is sent again.
 *
 * @throws `BROKER_UNAVAILABLE` when the address is taken.
 */
export async function openEmbeddedBroker({
  host,
  port,
  labels,
  awaited = [],
  onDropped = () => undefined,
  log,
}: {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  readonly labels: LabelInlet;
  /**
   * Topics that the gateway itself reads: a message on one is not acknowledged before the topic has a reader, else what
   * a sensor sends while the gateway starts would be taken and lost.
   */
  readonly awaited?: readonly string[];
  /** Called when messages of a session whose client does not fetch them had to go. */
  readonly onDropped?: (count: number) => void;
  readonly log: Log;
}): Promise<LocalBroker> {
  const readers = firstReaders(awaited);
  const broker = await Aedes.createBroker({ authorizePublish: admit(labels, readers) });
  boundSessions(broker, (session, count) => {
    onDropped(count);
    log.debug("broker-session-dropped", { session, count });
  });
  broker.on("subscribe", (subscriptions) => {
    for (const { topic } of subscriptions) readers.get(topic)?.resolve();
  });
  const report = (event: string) => (client: { readonly id?: string } | null, error: Error) => {
    log.debug(event, { client: client?.id, reason: messageOf(error) });
  };
  broker.on("clientError", report("broker-client-error"));
  broker.on("connectionError", report("broker-connection-error"));

  const sockets = new Set<Socket>();
  // Nagle's delay would hold a prediction back until the packet before it was acknowledged.
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    broker.handle(socket);
  });
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    await closeBroker(broker);
    throw unavailable(host, port, cause);
  }
  const address = server.address() as AddressInfo;
  const name = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return {
    url: `mqtt://${name}:${address.port}`,
    publish: (topic, payload) =>
      new Promise((resolve, reject) => {
        const packet = { topic, payload: Buffer.from(payload), qos: 1, retain: false } as const;
        broker.publish({ ...packet, cmd: "publish", dup: false }, (error) =>
          error ? reject(error) : resolve(),
        );
      }),
    async close() {
      const closed = once(server, "close");
      server.close();
      await closeBroker(broker);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

type Readers = ReadonlyMap<string, PromiseWithResolvers<void>>;

const firstReaders = (topics: readonly string[]): Readers =>
  new Map(topics.map((topic) => [topic, Promise.withResolvers<void>()]));

const admit =
  (labels: LabelInlet, readers: Readers): PublishHook =>
  (_client, packet, answer) => {
    if (packet.topic.startsWith("$SYS/")) {
      answer(new Error("$SYS topics are the broker's own"));
      return;
    }
    if (packet.topic !== labels.topic) {
      const reader = readers.get(packet.topic);
      if (reader === undefined) answer(null);
      else void reader.promise.then(() => answer(null));
      return;
    }
    labels.take(bytesOfPayload(packet.payload)).then(
      () => answer(null),
      (error: unknown) => answer(new Error(messageOf(error))),
    );
  };

const unavailable = (host: string, port: number, cause: unknown): EdgeloopError =>
  new EdgeloopError("BROKER_UNAVAILABLE", `cannot listen on ${host}:${port}`, {
    details: { host, port },
    cause,
  });

const bytesOfPayload = (payload: Buffer | string): Uint8Array =>
  typeof payload === "string" ? Buffer.from(payload) : payload;

const closeBroker = (broker: Aedes): Promise<void> =>
  new Promise((resolve) => {
    broker.close(() => resolve());
  });
