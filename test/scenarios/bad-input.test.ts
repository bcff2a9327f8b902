// Bad input, and what it gets, at a real gateway process. What has tests of its own elsewhere:
//   unknown, expired, revoked device; replayed, wrongly signed, wrong-kind envelope
//                                cloud-sync/src: node/device-routes, node/enrolment-routes, jwt, dsse, enrolment
//   update for another round, base or plan; wrong shapes; NaN; too many examples
//                                cloud-sync/src: update-check, round-intake, round-records, node/device-routes
//   bundle outside its line, every attack that TUF names
//                                test/conformance/tuf-attacks, cloud-sync/src: ota-line, ota-chain, node/ota-client
//   plain-text connection        device-agent/src/config, cloud-sync/src: secure-url, node/http-server, node/broker
//   full disk                    device-agent/src/node/gateway, core/src/platform/node/sqlite-store
//   <script> in the pages        cli/src/demo/report/report-html
//   every payload that a decoder can be given
//                                sensor-adapters/src/decode, core/src/data/samples-refusal
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { signEnvelope } from "@edgeloop/cloud-sync";
import { readKeyFile } from "@edgeloop/cloud-sync/node";
import type { Json } from "@edgeloop/core/platform";
import { utf8 } from "@edgeloop/core/platform";
import { openSqliteStore } from "@edgeloop/core/platform/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { packetSamples, packetUs } from "../../cli/src/demo/plant/plant-stream.ts";
import { reportHtml } from "../../cli/src/demo/report/report-html.ts";
import { emptyReport } from "../../cli/src/demo/report/report-state.ts";
import { demoNames } from "../../cli/src/demo/settings.ts";
import { root } from "../source-files.ts";
import type { LyingServer } from "./fleet/lying-server.ts";
import { lyingServer } from "./fleet/lying-server.ts";
import type { PlantTemplate } from "./fleet/small-plant.ts";
import { plantTemplate, smallProblem } from "./fleet/small-plant.ts";
import type { Station, TestFleet } from "./fleet/test-fleet.ts";
import {
  atS,
  confirmedAtS,
  deliver,
  floatPacket,
  healthOf,
  nextRelease,
  startFleet,
  statusOf,
  until,
} from "./fleet/test-fleet.ts";

/** What somebody called one of the states. */
const hostile = "<script>alert(1)</script>";
const range = { fromS: confirmedAtS, toS: confirmedAtS + 12 };
/** From here on the pump is played on while releases come; the time before is for bad packets. */
const laterS = range.toS + 20;

let template: PlantTemplate;
let liar: LyingServer;
let fleet: TestFleet;
let station: Station;
const over = new AbortController();
let playing = Promise.resolve();

beforeAll(async () => {
  const problem = smallProblem.replace("looseness]", `"${hostile}"]`);
  template = await plantTemplate(problem, { looseness: hostile });
  const plant = await template.copy();
  liar = await lyingServer();
  liar.target = `http://127.0.0.1:${plant.ports.http}`;
  const renamed = { looseness: hostile };
  fleet = await startFleet(plant, { gateways: 1, float: true, httpPort: liar.port, renamed });
  station = fleet.stations[0]!;
  await deliver(fleet, range.fromS, range.toS);
}, 240_000);
afterAll(async () => {
  over.abort();
  await playing;
  await fleet?.close();
  await liar?.close();
  template?.remove();
});

const metrics = async (): Promise<string> =>
  await (await fetch(`${station.member.httpUrl}/metrics`)).text();

const refused = async (code: string): Promise<number> => {
  const name = `edgeloop_refused_payloads_total{sensor="${demoNames.sensor}",code="${code}"}`;
  const line = (await metrics()).split("\n").find((text) => text.startsWith(name));
  return Number(line?.slice(name.length) ?? 0);
};

/** The packet that comes next; bad ones take nobody's place. */
const nextUs = (): number => (station.predictions.at(-1)?.endUs ?? 0) + packetUs;
const rows = (values: number): Float32Array => new Float32Array(values).fill(0.5);
const withNaN = Float32Array.from(rows(3 * packetSamples), (value, at) =>
  at === 7 ? Number.NaN : value,
);

const payloads: readonly (readonly [string, string, () => Uint8Array])[] = [
  ["bytes that are no packet", "PAYLOAD_MALFORMED", () => Uint8Array.of(1, 2, 3, 4, 5)],
  ["a packet beyond the bound", "PAYLOAD_OVERSIZED", () => new Uint8Array(300_000)],
  [
    "rows of another number of channels",
    "PAYLOAD_CHANNELS",
    () => floatPacket(nextUs(), rows(400)),
  ],
  ["a sample that is not a number", "PAYLOAD_NOT_FINITE", () => floatPacket(nextUs(), withNaN)],
  [
    "time that goes back",
    "SAMPLES_TIME_BACK",
    () => floatPacket(atS(1) + 37_000, rows(3 * packetSamples)),
  ],
];

test.for(payloads)(
  "%s: refused with %s, counted, and the stream goes on",
  async ([, code, payload]) => {
    const [before, predictions] = [await refused(code), station.predictions.length];
    await station.publisher.client.publishAsync(demoNames.topic, Buffer.from(payload()), {
      qos: 1,
    });
    await until("it was refused", async () => (await refused(code)) === before + 1);
    const fromS = (nextUs() - atS(0)) / 1e6;
    await fleet.play({ fromS, toS: fromS + 1, speed: 8 });
    await until("windows went on", () => station.predictions.length >= predictions + 8);
  },
);

test("what was refused is in quarantine, cut to its bound", async () => {
  const store = await openSqliteStore(join(station.member.directory, "gateway.db"));
  const kept = await store.query("SELECT code, length(payload) AS bytes FROM quarantine");
  await store.close();
  expect(kept.map(({ code }) => code)).toEqual(
    expect.arrayContaining(payloads.map(([, code]) => code)),
  );
  for (const { bytes } of kept) expect(Number(bytes)).toBeLessThanOrEqual(4096);
});

test("a class that is called like a script is data to whoever asks", async () => {
  expect(station.predictions.map(({ label }) => label)).toContain(hostile);
  for (const [path, type] of [
    ["/healthz", /^application\/json/],
    ["/metrics", /^text\/plain/],
  ] as const) {
    const response = await fetch(station.member.httpUrl + path);
    expect(response.headers.get("content-type")).toMatch(type);
    expect(await response.text()).not.toContain("<script");
  }
  const report = { ...emptyReport(hostile, ["pump-1"]), events: [{ atS: 1, text: hostile }] };
  expect(reportHtml(report)).not.toContain(hostile);
});

/** Runs a command of the command line to its end. */
const edgeloop = (...words: readonly string[]) => {
  const args = ["--conditions=@edgeloop/source", join(root, "cli", "src", "main.ts"), ...words];
  return spawnSync(process.execPath, args, { encoding: "utf8", timeout: 60_000 });
};

const mistakes = [
  ["gateway", "threads: 1", "threads: many", "inference.threads"],
  ["gateway", "rateHz: 1000", "rateHz: -5", "sensors[0].rateHz"],
  ["gateway", "http://127.0.0.1", "http://plant.example", "coordinator.url"],
  ["coordinator", "batchSize: 16", "batchSize: none", "training.batchSize"],
] as const;

test.for(mistakes)(
  "%s.yaml with %s as %s is refused, naming file, line and %s",
  ([what, from, to, field]) => {
    const file = what === "gateway" ? "gateways/pump-1.yaml" : "coordinator.yaml";
    const text = readFileSync(join(fleet.plant.directory, file), "utf8");
    const line = 1 + text.split("\n").findIndex((row) => row.includes(from));
    const broken = join(fleet.plant.directory, `broken-${what}.yaml`);
    writeFileSync(broken, text.replace(from, to));
    const { status, stderr } = edgeloop(what, "run", broken);
    expect(status).toBe(1);
    expect(stderr).toContain(`broken-${what}.yaml:${line}: ${field}`);
  },
);

const modelOf = async (): Promise<{ readonly version?: number; readonly state?: string }> =>
  Object((await healthOf(station))["model"]);

/** The old model goes on: it is the one that predicts now. */
async function expectServing(manifest: string): Promise<void> {
  const count = station.predictions.length;
  await until("it goes on", () => station.predictions.length > count + 5);
  expect(station.predictions.at(-1)?.model).toBe(manifest);
}

const campaign = { startUs: atS(range.fromS), endUs: atS(range.toS), rounds: 1 };
const isBlob = (path: string): boolean => path.startsWith("/v1/repository/blobs/");
let second: string;

test("a bundle that is cut again and again is not served, and taken once it comes whole", async () => {
  playing = fleet.play({ fromS: laterS, toS: 9000, speed: 3, signal: over.signal });
  let cuts = 0;
  let isCutting = true;
  liar.spoil = (path, body) => {
    if (!isBlob(path) || !isCutting) return body;
    cuts += 1;
    return "cut";
  };
  await fleet.coordinator.ask("campaigns", campaign);
  await until("it was cut", () => cuts >= 3);
  await expectServing(fleet.plant.release.sha256);
  isCutting = false;
  second = await nextRelease(fleet);
  expect(await modelOf()).toMatchObject({ version: 2 });
});

test("an order to go back to an older release is refused, although the coordinator's key signed it", async () => {
  const key = await readKeyFile(join(fleet.plant.directory, "keys", "online.json"), "online");
  const id = "back";
  const release = {
    line: demoNames.line,
    target: `releases/${demoNames.line}/1.json`,
    manifestSha256: fleet.plant.release.sha256,
  };
  const order = { format: 1, fleet: demoNames.fleet, rollout: id, device: "pump-1", release };
  liar.invent = async (path) => {
    if (path === "/v1/work") {
      return utf8(JSON.stringify({ format: 1, work: [{ kind: "rollout", id }] }));
    }
    if (path === `/v1/rollouts/${id}`) return await signEnvelope("rollout", order as Json, key);
    return undefined;
  };
  // A bell is rung at the next campaign at the latest; a connection that comes again asks at once.
  await station.member.daemon.kill("SIGTERM");
  await station.member.daemon.start(new AbortController().signal);
  await until("it was refused", () => liar.reports.some(({ rollout }) => rollout === id));
  expect(liar.reports.find(({ rollout }) => rollout === id)?.outcome).toEqual({
    kind: "refused",
    code: "OTA_ROLLBACK",
  });
  liar.invent = () => undefined;
  await expectServing(second);
});

test("a bundle that was tampered with on the way is refused, and the old model serves on", async () => {
  liar.spoil = (path, body) => {
    if (isBlob(path)) body[body.length >> 1]! ^= 1;
    return body;
  };
  await station.member.daemon.kill("SIGTERM");
  await station.member.daemon.start(new AbortController().signal);
  await fleet.coordinator.ask("campaigns", campaign);
  const stopped = async () =>
    (await statusOf(fleet, "rollouts")).find(({ kind }) => kind === "stopped");
  await until("the rollout is stopped", async () => (await stopped()) !== undefined);
  expect(liar.reports.at(-1)).toEqual({
    rollout: (await stopped())?.name,
    outcome: { kind: "refused", code: "BUNDLE_TAMPERED" },
  });
  await expectServing(second);
  expect(await modelOf()).toMatchObject({ version: 2 });
});
