import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";
import { utf8 } from "@edgeloop/core/platform";
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
 * Stands between one gateway and the coordinator's broker, passes every byte on and parses both directions.
 *
 * Bytes that are no MQTT packet, and packets of no known kind, count as raw.
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
        take.chunk(payloadOf(chunk));
        to.write(chunk);
      });
      from.on("error", () => to.destroy());
      from.on("close", () => {
        sockets.delete(from);
        take.end();
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

/** Parses one direction of one connection. */
export function packetTaker(
  { gateway, classify, ledger }: Omit<MqttProxyOptions, "target">,
  direction: Direction,
): { chunk(bytes: Uint8Array): void; end(): void } {
  const packets = parser({ protocolVersion: 4 });
  let pending: Uint8Array[] = [];
  let unparsedBytes = 0;
  let broken = false;
  const raw = (): void => {
    if (unparsedBytes === 0) return;
    ledger.record({
      gateway,
      direction,
      kind: undefined,
      wireBytes: unparsedBytes,
      content: pending,
    });
    unparsedBytes = 0;
    pending = [];
  };
  packets.on("error", () => {
    broken = true;
    raw();
  });
  packets.on("packet", (packet: Packet) => {
    const wireBytes = wireLength(packet.length ?? 0);
    unparsedBytes -= wireBytes;
    if (unparsedBytes === 0) pending = [];
    ledger.record({
      gateway,
      direction,
      kind: kindOf(packet, classify),
      wireBytes,
      content: contentOf(packet),
    });
  });
  return {
    chunk(bytes) {
      unparsedBytes += bytes.length;
      pending.push(bytes);
      if (broken) raw();
      else packets.parse(Buffer.from(bytes));
    },
    end: raw,
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
