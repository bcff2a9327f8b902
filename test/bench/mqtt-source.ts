// Sends one sensor's packets, QoS 1, to whoever subscribes, as fast as they are taken. Runs in a worker thread.
// `broker`: aedes, the broker that gateways embed. `stream`: only greets and writes, so that the reader is all that costs.
import type { AddressInfo, Socket } from "node:net";
import { createServer } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { Aedes } from "aedes";
import { generate, parser } from "mqtt-packet";

/** What is sent: so many packets, each `[time, rows]` as the pump's sensor packs them. */
export type SourceData = {
  readonly kind: "broker" | "stream";
  readonly topic: string;
  readonly packets: number;
  /** One packet; its first eight bytes are replaced by the time. */
  readonly payload: Uint8Array;
  readonly packetUs: number;
};

const source = workerData as SourceData;
/** Packets that are written at once. */
const together = 64;

const encoded = generate({
  cmd: "publish",
  topic: source.topic,
  payload: Buffer.from(source.payload),
  qos: 1,
  messageId: 1,
  dup: false,
  retain: false,
});
const timeAt = encoded.length - source.payload.length;

function block(from: number, count: number): Buffer {
  const bytes = Buffer.concat(Array.from({ length: count }, () => encoded));
  for (let index = 0; index < count; index += 1) {
    const at = index * encoded.length + timeAt;
    bytes.writeUInt16BE(1 + ((from + index) % 65_535), at - 2);
    bytes.writeBigInt64LE(BigInt((from + index) * source.packetUs), at);
  }
  return bytes;
}

function send(socket: Socket): void {
  let sent = 0;
  const more = (): void => {
    while (sent < source.packets) {
      const count = Math.min(together, source.packets - sent);
      const room = socket.write(block(sent, count));
      sent += count;
      if (!room) return void socket.once("drain", more);
    }
  };
  more();
}

/** Greets, and starts to send at the subscription. */
function serve(socket: Socket): void {
  const packets = parser();
  const read = (chunk: Buffer | string): void => void packets.parse(Buffer.from(chunk));
  socket.on("error", () => socket.destroy());
  packets.on("packet", ({ cmd, messageId }) => {
    if (cmd === "connect") {
      socket.write(generate({ cmd: "connack", returnCode: 0, sessionPresent: false }));
    }
    if (cmd === "subscribe") {
      socket.write(generate({ cmd: "suback", messageId: Number(messageId), granted: [1] }));
      // Acknowledgements are read and not looked at.
      socket.removeListener("data", read);
      socket.resume();
      send(socket);
    }
  });
  socket.on("data", read);
}

async function aedesHandler(): Promise<(socket: Socket) => void> {
  const broker = await Aedes.createBroker();
  const one = (index: number): Promise<void> =>
    new Promise((resolve) => {
      const payload = Buffer.from(source.payload);
      payload.writeBigInt64LE(BigInt(index * source.packetUs));
      const packet = { cmd: "publish", topic: source.topic, payload, qos: 1, dup: false } as const;
      broker.publish({ ...packet, retain: false }, () => resolve());
    });
  broker.on("subscribe", async () => {
    for (let index = 0; index < source.packets; index += together) {
      const count = Math.min(together, source.packets - index);
      await Promise.all(Array.from({ length: count }, (_, at) => one(index + at)));
    }
  });
  return broker.handle;
}

const server = createServer(source.kind === "broker" ? await aedesHandler() : serve);
server.listen(0, "127.0.0.1", () => {
  parentPort?.postMessage((server.address() as AddressInfo).port);
});
