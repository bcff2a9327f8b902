import { createServer } from "node:net";
import { parseName, silentLog } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { memoryStore } from "@edgeloop/core/testing";
import { Aedes } from "aedes";
import { expect, test } from "vitest";
import { generateKey } from "../keys.ts";
import { openSyncOutbox } from "../sync-outbox.ts";
import { listenOn } from "./listen.ts";
import { runSyncLink } from "./sync-link.ts";
import { wakeable } from "./wakeable.ts";

const [fleet, device] = [parseName("plant"), parseName("pump-1")] as const;
const topic = "edgeloop/v1/plant/devices/pump-1/state";

/** A broker that believes everybody and writes down what it hears. */
async function recorder() {
  const heard: string[] = [];
  const waiting = new Map<string, () => void>();
  const aedes = await Aedes.createBroker({
    authorizePublish: (_client, packet, done) => {
      const line = `${packet.topic.split("/").at(-1)} ${packet.payload} ${packet.retain}`;
      heard.push(line);
      waiting.get(line)?.();
      done(null);
    },
  });
  const server = createServer((socket) => aedes.handle(socket));
  const port = await listenOn(server, { host: "127.0.0.1", port: 0 });
  const until = (line: string): Promise<void> =>
    new Promise((resolve) => {
      if (heard.includes(line)) resolve();
      else waiting.set(line, resolve);
    });
  const close = async (): Promise<void> => {
    await new Promise<void>((resolve) => aedes.close(() => resolve()));
    server.close();
  };
  return { aedes, heard, until, url: `mqtt://127.0.0.1:${port}`, close };
}

async function linkTo(url: string, stop: AbortController) {
  const outbox = await openSyncOutbox(memoryStore());
  const events = wakeable(systemClock);
  const connections: boolean[] = [];
  let bells = 0;
  const run = runSyncLink(
    {
      mqttUrl: url,
      fleet,
      device,
      key: await generateKey(),
      outbox,
      events,
      onBell: () => {
        bells += 1;
      },
      onConnection: (isConnected) => connections.push(isConnected),
      clock: systemClock,
      rng: () => 0.01,
      log: silentLog,
    },
    stop.signal,
  );
  return { outbox, events, connections, run, bells: () => bells };
}

const online = 'state {"format":1,"state":"online"} true';
const offline = 'state {"format":1,"state":"offline"} true';

test("birth is retained, events follow in order, and goodbye is said before the end", async () => {
  const broker = await recorder();
  const stop = new AbortController();
  const link = await linkTo(broker.url, stop);
  for (const text of ["one", "two"]) {
    await link.outbox.addEvent(() => Promise.resolve(new TextEncoder().encode(text)));
  }
  await broker.until("events two false");
  await link.outbox.addEvent(() => Promise.resolve(new TextEncoder().encode("three")));
  link.events.wake();
  await broker.until("events three false");
  stop.abort();
  await link.run;
  await broker.until(offline);
  const own = broker.heard.filter((line) => /^(state|events) /.test(line));
  expect(own).toEqual([
    online,
    "events one false",
    "events two false",
    "events three false",
    offline,
  ]);
  expect(link.connections).toEqual([true, false]);
  await broker.close();
});

test("a connection that is cut leaves the will, and is made again", async () => {
  const broker = await recorder();
  const stop = new AbortController();
  const link = await linkTo(broker.url, stop);
  await broker.until(online);
  broker.heard.length = 0;
  const clients = (
    broker.aedes as unknown as { clients: Record<string, { conn: { destroy(): void } }> }
  ).clients;
  clients[device]?.conn.destroy();
  await broker.until(offline);
  await broker.until(online);
  stop.abort();
  await link.run;
  await broker.close();
});

test("a bell is heard, anything else on its topic is not", async () => {
  const broker = await recorder();
  const stop = new AbortController();
  const link = await linkTo(broker.url, stop);
  await broker.until(online);
  const ring = (payload: string): Promise<void> =>
    new Promise((resolve, reject) => {
      const bell = topic.replace("state", "bell");
      broker.aedes.publish(
        { cmd: "publish", topic: bell, payload, qos: 1, retain: false, dup: false },
        (error) => (error ? reject(error) : resolve()),
      );
    });
  await ring("not a bell");
  await ring('{"kind":"install","id":"evil"}');
  await ring('{"kind":"offer","id":"c1-r1"}');
  await expect.poll(link.bells).toBe(1);
  stop.abort();
  await link.run;
  await broker.close();
});
