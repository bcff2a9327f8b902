import type { AddressInfo, Server, Socket } from "node:net";
import { createServer } from "node:net";
import { Aedes } from "aedes";
import { expect, test } from "vitest";
import { packetsWaitingMax, sensorPublisher } from "./sensor-publisher.ts";

async function openBroker(
  port: number,
): Promise<{ server: Server; got: string[]; kill(): Promise<void> }> {
  const aedes = await Aedes.createBroker();
  const got: string[] = [];
  aedes.on("publish", (packet, client) => {
    if (client) got.push(packet.payload.toString());
  });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    aedes.handle(socket);
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    server,
    got,
    kill: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

const packetAt = (index: number) => ({
  startUs: index,
  bytes: new TextEncoder().encode(String(index)),
});

test("packets of a dead gateway arrive, in order, when it is back, and are known to have waited", async () => {
  const first = await openBroker(0);
  const { port } = first.server.address() as AddressInfo;
  const publisher = sensorPublisher(`mqtt://127.0.0.1:${port}`, "sensors/v");
  await new Promise((resolve) => publisher.client.once("connect", resolve));
  publisher.publish(packetAt(1));
  publisher.publish(packetAt(2));
  await expect.poll(() => publisher.waiting()).toBe(0);
  await first.kill();
  await expect.poll(() => publisher.client.connected).toBe(false);
  publisher.publish(packetAt(3));
  publisher.publish(packetAt(4));
  const second = await openBroker(port);
  await expect.poll(() => publisher.waiting()).toBe(0);
  expect(first.got).toEqual(["1", "2"]);
  expect(second.got).toEqual(["3", "4"]);
  expect([1, 2, 3, 4].map((at) => publisher.delivery(at)?.queued)).toEqual([
    false,
    false,
    true,
    true,
  ]);
  await publisher.close();
  await second.kill();
});

test("what waits is bounded; the oldest go and are counted", async () => {
  const publisher = sensorPublisher("mqtt://127.0.0.1:1", "sensors/v");
  for (let index = 0; index < packetsWaitingMax + 5; index += 1) publisher.publish(packetAt(index));
  expect(publisher.waiting()).toBe(packetsWaitingMax);
  expect(publisher.dropped()).toBe(5);
  await publisher.close();
});
