import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { concatBytes, utf8 } from "@edgeloop/core/platform";
import type { Packet } from "mqtt-packet";
import { parser } from "mqtt-packet";
import type { RecordingProxy } from "./http-proxy.ts";
import type { CaptureLedger, Direction } from "./ledger.ts";

/** Names what a PUBLISH is by its topic and payload; undefined for what is not known. */
export type ClassifyPublish = (topic: string, payload: Uint8Array) => string | undefined;

/** How a proxy is set up. */
export type MqttProxyOptions = {
  readonly gateway: string;
  readonly target: () => { readonly host: string; readonly port: number };
  readonly classify: ClassifyPublish;
  readonly ledger: CaptureLedger;
};

/** Control packets that carry no content of their own; CONNECT carries the signed token. */
const control: ReadonlySet<string> = new Set([
  "connect",
  "connack",
  "puback",
  "subscribe",
  "suback",
  "unsubscribe",
  "unsuback",
  "pingreq",
  "pingresp",
  "disconnect",
]);

/**
 * Stands between one gateway and the coordinator's broker, parses both directions and passes on what it has parsed.
 *
 * A packet that a kill has torn never crosses; bytes that are no MQTT, and packets of no known kind, count as raw.
 */
export async function mqttProxy(options: MqttProxyOptions): Promise<RecordingProxy> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect(options.target());
    for (const [from, to, direction] of [
      [near, far, "up"],
      [far, near, "down"],
    ] as const) {
      sockets.add(from);
      const take = packetTaker(options, direction);
      from.on("data", (chunk) => {
        to.write(take(payloadOf(chunk)));
      });
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/**
 * Parses one direction of one connection.
 *
 * @returns Takes a chunk of any length and returns what may cross: whole packets, or, once the stream is no MQTT,
 * everything, which then counts as raw.
 */
export function packetTaker(
  { gateway, classify, ledger }: Omit<MqttProxyOptions, "target">,
  direction: Direction,
): (chunk: Uint8Array) => Uint8Array {
  const packets = parser({ protocolVersion: 4 });
  let held: Uint8Array = new Uint8Array();
  let wholeBytes = 0;
  let broken = false;
  packets.on("error", () => {
    broken = true;
  });
  packets.on("packet", (packet: Packet) => {
    const wireBytes = wireLength(packet.length ?? 0);
    wholeBytes += wireBytes;
    const kind = kindOf(packet, classify);
    ledger.record({ gateway, direction, kind, wireBytes, content: contentOf(packet) });
  });
  return (chunk) => {
    held = concatBytes([held, chunk]);
    wholeBytes = 0;
    if (!broken) packets.parse(Buffer.from(chunk));
    const whole = held.subarray(0, wholeBytes);
    held = held.subarray(wholeBytes);
    if (!broken) return whole;
    const raw = held;
    held = new Uint8Array();
    if (raw.length > 0) {
      ledger.record({ gateway, direction, kind: undefined, wireBytes: raw.length, content: [raw] });
    }
    return concatBytes([whole, raw]);
  };
}

function kindOf(packet: Packet, classify: ClassifyPublish): string | undefined {
  if (packet.cmd === "publish") return classify(packet.topic, payloadOf(packet.payload));
  return control.has(packet.cmd) ? "mqtt-control" : undefined;
}

const payloadOf = (payload: string | Buffer): Uint8Array =>
  typeof payload === "string" ? utf8(payload) : payload;

/** All free-form parts of a packet. */
function contentOf(packet: Packet): readonly Uint8Array[] {
  if (packet.cmd === "publish") return [utf8(packet.topic), payloadOf(packet.payload)];
  if (packet.cmd === "connect") {
    const will = packet.will ? [utf8(packet.will.topic), payloadOf(packet.will.payload)] : [];
    return [
      utf8(packet.clientId),
      utf8(packet.username ?? ""),
      packet.password ?? utf8(""),
      ...will,
    ];
  }
  if (packet.cmd === "subscribe") return packet.subscriptions.map(({ topic }) => utf8(topic));
  return [];
}

/** Length of a packet with its fixed header (MQTT 3.1.1 §2.2.3). */
const wireLength = (remaining: number): number => {
  let lengthBytes = 1;
  for (let rest = remaining; rest > 127; rest = Math.floor(rest / 128)) lengthBytes += 1;
  return 1 + lengthBytes + remaining;
};
