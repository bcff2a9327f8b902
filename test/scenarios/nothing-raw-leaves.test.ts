// Everything that crosses between a gateway and its coordinator is attributed to a parsed message and searched for windows
// and for words of labels: in normal operation nothing is found, and what is sent on purpose is.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect as connectSocket } from "node:net";
import { join } from "node:path";
import { encodeSafetensors, f32 } from "@edgeloop/core/graph";
import { bytesOf, sha256, utf8 } from "@edgeloop/core/platform";
import { openSqliteStore } from "@edgeloop/core/platform/node";
import { generate } from "mqtt-packet";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { searchLeaks } from "../../cli/src/demo/capture/search.ts";
import { packetUs } from "../../cli/src/demo/plant/plant-stream.ts";
import { demoNames } from "../../cli/src/demo/settings.ts";
import type { PlantTemplate } from "./fleet/small-plant.ts";
import { plantTemplate } from "./fleet/small-plant.ts";
import type { TestFleet } from "./fleet/test-fleet.ts";
import {
  atS,
  confirmedAtS,
  deliver,
  giveLabel,
  nextRelease,
  startFleet,
  until,
} from "./fleet/test-fleet.ts";

/** Words that only labels of this gateway say. */
const planted = ["planted-author-81c2", "planted-class-4f07"] as const;
const range = { fromS: confirmedAtS, toS: confirmedAtS + 12 };

let template: PlantTemplate;
let fleet: TestFleet;
/** Windows as the gateway keeps them, and packets as its sensor sent them. */
let windows: readonly Float32Array[];
let packets: readonly Int16Array[];
/** Where the gateway believes its coordinator is: the recording proxies. */
let url: URL;
let mqttUrl: URL;

beforeAll(async () => {
  template = await plantTemplate();
  fleet = await startFleet(await template.copy(), { gateways: 1 });
  const [station] = fleet.stations;
  const config = readFileSync(join(fleet.plant.directory, "gateways", "pump-1.yaml"), "utf8");
  const { coordinator } = parse(config);
  [url, mqttUrl] = [new URL(coordinator.url), new URL(coordinator.mqttUrl)];

  await deliver(fleet, range.fromS, range.toS);
  const span = { startUs: atS(range.fromS), endUs: atS(range.fromS) + 2 * packetUs };
  await giveLabel(station!, { ...span, label: "bearing", by: planted[0] });
  await giveLabel(station!, { ...span, label: planted[1], by: "somebody" });
  const over = new AbortController();
  const after = range.toS + 0.2;
  const playing = fleet.play({ fromS: after, toS: 500, speed: 3, signal: over.signal });
  const campaign = { startUs: atS(range.fromS), endUs: atS(range.toS), rounds: 1 };
  await fleet.coordinator.ask("campaigns", campaign);
  await nextRelease(fleet);
  over.abort();
  await playing;

  const store = await openSqliteStore(join(station!.member.directory, "gateway.db"));
  const rows = await store.query("SELECT data FROM learning_window");
  await store.close();
  windows = rows.map(({ data }) => floatsOf(data as Uint8Array));
  const sent = Array.from({ length: range.toS * 10 }, (_, at) => atS(0) + at * packetUs);
  packets = sent.map((startUs) => stepsOf(station!.stream.packet(startUs)));
}, 240_000);
afterAll(async () => {
  await fleet?.close();
  template?.remove();
});

const floatsOf = (bytes: Uint8Array): Float32Array =>
  new Float32Array(Uint8Array.from(bytes).buffer);
/** A packet without its time. */
const stepsOf = (packet: Uint8Array): Int16Array => new Int16Array(packet.slice(8).buffer);

type Found = {
  readonly rawBytes: number;
  readonly samples: number;
  readonly plantedLabels: number;
};

function found(): Found {
  const { samples, plantedLabels } = searchLeaks(fleet.ledger, {
    floats: windows,
    steps: packets,
    planted,
  });
  return { rawBytes: fleet.ledger.rawBytes(), samples, plantedLabels };
}

/** What is found more after something was sent. */
async function foundBy(send: () => Promise<unknown>): Promise<Found> {
  const before = found();
  const messages = (): number => fleet.ledger.rows().reduce((sum, row) => sum + row.messages, 0);
  const count = messages();
  await send();
  await until("it was written down", () => messages() > count);
  const after = found();
  return {
    rawBytes: after.rawBytes - before.rawBytes,
    samples: after.samples - before.samples,
    plantedLabels: after.plantedLabels - before.plantedLabels,
  };
}

test("in normal operation no raw byte crosses, and no window and no word of a label", () => {
  fleet.ledger.attribute(Number.POSITIVE_INFINITY);
  const kinds = new Set(fleet.ledger.rows().map(({ kind }) => kind));
  const expected = ["answer", "update", "update payload", "calibration", "evaluation", "event"];
  expect([...kinds]).toEqual(expect.arrayContaining([...expected, "rollout-report", "state"]));
  expect(windows.length).toBeGreaterThan(120);
  const { sequences, searchedBytes } = searchLeaks(fleet.ledger, {
    floats: windows,
    steps: packets,
    planted,
  });
  expect(sequences).toBeGreaterThan(50_000);
  expect(searchedBytes).toBeGreaterThan(50_000);
  expect(found()).toEqual({ rawBytes: 0, samples: 0, plantedLabels: 0 });
});

test("a window that is sent to a route that nobody knows is raw, and recognised", async () => {
  const body = bytesOf(windows[3]!);
  const caught = await foundBy(() => fetch(new URL("/v1/windows", url), { method: "PUT", body }));
  expect(caught.rawBytes).toBeGreaterThan(body.length);
  expect(caught.samples).toBeGreaterThan(100);
});

test("a window that hides as a tensor of an update is recognised", async () => {
  const hidden = encodeSafetensors(
    new Map([["conv0.weight", f32(windows[7]!, [windows[7]!.length])]]),
  );
  const path = `/v1/updates/${await sha256(hidden)}`;
  const body = Uint8Array.from(hidden);
  const caught = await foundBy(() => fetch(new URL(path, url), { method: "PUT", body }));
  expect(caught.samples).toBeGreaterThan(100);
});

/** Publishes on the gateway's events topic, over a connection of its own to the recording proxy. */
async function publishEvent(payload: Uint8Array): Promise<void> {
  const topic = `edgeloop/v1/${demoNames.fleet}/devices/pump-1/events`;
  const socket = connectSocket(Number(mqttUrl.port), mqttUrl.hostname);
  socket.on("error", () => undefined);
  const hello = { cmd: "connect", clientId: "x", protocolId: "MQTT", protocolVersion: 4 } as const;
  socket.write(generate({ ...hello, clean: true, keepalive: 0 }));
  const event = { cmd: "publish", topic, qos: 0, dup: false, retain: false } as const;
  socket.end(generate({ ...event, payload: Buffer.from(payload) }));
  socket.resume();
  await once(socket, "close");
}

test("samples that are published as an event are raw, and recognised as int16", async () => {
  const caught = await foundBy(() => publishEvent(bytesOf(packets[11]!)));
  expect(caught.rawBytes).toBeGreaterThan(packets[11]!.byteLength);
  expect(caught.samples).toBeGreaterThan(50);
});

/** An envelope as a gateway writes it, with a signature that only its holder could tell from a true one. */
const enveloped = (kind: string, message: object, beside: object = {}): Uint8Array =>
  utf8(
    JSON.stringify({
      payload: Buffer.from(JSON.stringify(message)).toString("base64"),
      payloadType: `application/vnd.edgeloop.${kind}.v1+json`,
      signatures: [{ keyid: "0".repeat(64), sig: Buffer.alloc(64, 7).toString("base64") }],
      ...beside,
    }),
  );
const samplesOf = (at: number): string => Buffer.from(bytesOf(packets[at]!)).toString("base64");

const event = {
  format: 1,
  fleet: demoNames.fleet,
  device: "pump-1",
  sequence: 1,
  code: "DATA_ADVANCED",
  sensorUs: atS(0),
  counters: {},
};
const enrolment = {
  format: 1,
  tokenId: "0".repeat(32),
  fleet: demoNames.fleet,
  device: "pump-1",
  publicKey: "1".repeat(64),
  nonce: "2".repeat(32),
  mac: "3".repeat(64),
};
const enrol = (body: Uint8Array): Promise<Response> =>
  fetch(new URL("/v1/enrolments", url), { method: "POST", body: Uint8Array.from(body) });

test("an event and an enrolment with nothing hidden in them are known: what is raw below is what was added", async () => {
  for (const send of [
    () => publishEvent(enveloped("event", event)),
    () => enrol(enveloped("enrolment-request", enrolment)),
  ]) {
    expect(await foundBy(send)).toEqual({ rawBytes: 0, samples: 0, plantedLabels: 0 });
  }
});

test.for([
  [
    "a field that events do not have",
    (samples: string) => publishEvent(enveloped("event", { ...event, samples })),
  ],
  [
    "the envelope of an event",
    (samples: string) => publishEvent(enveloped("event", event, { samples })),
  ],
  [
    "a field that enrolments do not have",
    (samples: string) => enrol(enveloped("enrolment-request", { ...enrolment, samples })),
  ],
  [
    "the envelope of an enrolment",
    (samples: string) => enrol(enveloped("enrolment-request", enrolment, { samples })),
  ],
  [
    "the body of an enrolment that is no envelope",
    (samples: string) => enrol(utf8(JSON.stringify({ samples }))),
  ],
] as const)("samples as base64 in %s make it raw, and are recognised", async ([, send]) => {
  const samples = samplesOf(12);
  const caught = await foundBy(() => send(samples));
  expect(caught.rawBytes).toBeGreaterThan(samples.length);
  expect(caught.samples).toBeGreaterThan(50);
});

test("samples in the place of a signature are recognised, though the message is a known one", async () => {
  const sig = Buffer.from(bytesOf(packets[13]!)).subarray(0, 64).toString("base64");
  const signatures = [{ keyid: "0".repeat(64), sig }];
  const caught = await foundBy(() => publishEvent(enveloped("event", event, { signatures })));
  expect(caught).toMatchObject({ rawBytes: 0 });
  expect(caught.samples).toBeGreaterThan(5);
});

test("a word of a label in the payload of a known message is recognised", async () => {
  const named = { ...event, counters: { [planted[0]]: 1 } };
  const caught = await foundBy(() => publishEvent(enveloped("event", named)));
  expect(caught).toMatchObject({ rawBytes: 0, plantedLabels: 1 });
});

test.for([
  ["a header that nobody knows", "x-note"],
  ["a header that everybody sends", "user-agent"],
] as const)("a word of a label in %s is recognised", async ([, header]) => {
  const headers = { [header]: planted[0] };
  const caught = await foundBy(() => fetch(new URL("/v1/work", url), { headers }));
  expect(caught.plantedLabels).toBe(1);
  if (header === "x-note") expect(caught.rawBytes).toBeGreaterThan(planted[0].length);
});
