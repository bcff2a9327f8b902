import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "@edgeloop/core/bundle";
import { manifestBytes } from "@edgeloop/core/bundle";
import { bytesOf, parseName, parseSha256, utf8 } from "@edgeloop/core/platform";
import { decodeSamples, encodeSamples } from "@edgeloop/firmware-bridge";
import { decoderOf, parseFormat } from "@edgeloop/sensor-adapters";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { captureLedger } from "./capture/ledger.ts";
import {
  accelerationStep,
  epochUs,
  packetUs,
  plantedLabeller,
  plantStream,
} from "./plant/plant-stream.ts";
import type { Entry } from "./plant/prediction-book.ts";
import { predictionBook } from "./plant/prediction-book.ts";
import type { ResultOptions } from "./result.ts";
import { resultOf } from "./result.ts";
import { roundBook } from "./round-book.ts";

const hash = (digit: string) => parseSha256(digit.repeat(64));
const blob = (digit: string, bytes: number) => ({ sha256: hash(digit), bytes });
const [released, recovered] = [hash("a"), hash("b")];

/** A bundle of 6 blobs; only the graphs' tensors change from one to the other. */
const manifestOf = (small: Manifest["golden"]["windows"]): Manifest => ({
  format: 1,
  line: parseName("pumps"),
  version: 1,
  parent: null,
  float: { graph: blob("1", 100), tensors: {}, small },
  int8: { graph: blob("2", 200), tensors: {} },
  classes: ["normal", "bearing"],
  pipeline: {
    window: { rateHz: 1000, lengthSamples: 200, hopSamples: 100 },
    channels: [{ name: "x", unit: "m/s2" }],
    features: [],
  },
  golden: {
    windows: blob("3", 300),
    expected: blob("4", 400),
    count: 1,
    tolerance: { float: 0, int8: 0 },
  },
  metrics: {},
  profile: blob("5", 500),
  constraints: { bundleBytesMax: 262_144, latencyP99MsMax: 25 },
  lineage: { problem: hash("6"), data: [], seed: 1, code: "0.1.0", rounds: [] },
});

const changeUs = epochUs + 2_000_000;
const recoveredUs = epochUs + 3_000_000;
const stream = plantStream(1, 0, { changeUs, endUs: epochUs + 10_000_000 });

function measured(): ResultOptions {
  const directory = temporary();
  const folder = join(directory, "coordinator", "registry", "blobs");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, released), manifestBytes(manifestOf(blob("7", 7))));
  writeFileSync(join(folder, recovered), manifestBytes(manifestOf(blob("8", 80))));
  const score = (accuracy: number) => ({ accuracy, macroF1: accuracy });
  const book = predictionBook(["normal", "bearing"]);
  const add = (change: Pick<Entry, "endUs" | "model"> & Partial<Entry>): void => {
    const entry = { gateway: "pump-1", truth: 0, predicted: 0, latencyMs: 4, queued: false };
    book.add({ ...entry, training: 0, ...change });
  };
  add({ endUs: changeUs, model: released });
  add({ endUs: changeUs + 2 * packetUs, model: released, predicted: 1, training: 1, latencyMs: 8 });
  add({ endUs: recoveredUs + 2 * packetUs, model: recovered });
  add({
    endUs: recoveredUs + 3 * packetUs,
    model: recovered,
    queued: true,
    truth: 1,
    predicted: 1,
  });
  const rounds = roundBook();
  const figures = (accuracy: number) => ({ figures: { candidate: { accuracy } } });
  rounds.take({ stream: "round/r1", kind: "evaluated", details: figures(0.9) }, 1);
  rounds.take({ stream: "round/r2", kind: "evaluated", details: figures(0.97) }, 2);
  rounds.take({ stream: "round/r3", kind: "abandoned", details: {} }, 3);
  const what = "an accident";
  return {
    plant: {
      directory,
      release: { sha256: released, bytes: 1507, float: score(0.99), int8: score(0.98) },
    },
    stations: [{ member: { name: "pump-1" }, link: "mqtt", stream }],
    accidents: { list: [{ what, killedMs: 1, backMs: 2 }] },
    ...{ book, rounds, ledger: captureLedger(), changeUs, recoveredUs, recovered },
    backend: { inference: "wasm", training: "native" },
  };
}

test("the result is what the books say, phase by phase", async () => {
  const options = measured();
  const message = { gateway: "pump-1", content: [utf8("hello")] };
  options.ledger.record({ ...message, direction: "up", kind: "update", wireBytes: 30 });
  options.ledger.record({ ...message, direction: "up", kind: undefined, wireBytes: 5 });
  options.ledger.record({ ...message, direction: "down", kind: "plan", wireBytes: 70 });
  const windows = { released: 1, changed: 1, recovered: 2 };
  // Macro-F1 of one window of class 0: 1 where it was right, 0 where not; of one right of each class: 1.
  const result = await resultOf(options);
  expect(result).toMatchObject({
    format: 1,
    windows,
    accuracy: {
      central: 1,
      changed: 0,
      recovered: 1,
      federated: 0.97,
      float: 0.99,
      int8: 0.98,
    },
    rawBytesCrossed: 5,
    rounds: 2,
    bytes: { up: 35, down: 70, bundle: 1507 },
    blobs: { reused: 5, fetched: 1, reusedBytes: 1500, fetchedBytes: 80 },
    accidentsSurvived: 1,
    latencyMs: {
      p50: 4,
      p99Training: 8,
      p99AllTraining: 8,
      windows: { idle: 2, training: 1, allTraining: 1, queued: 1 },
    },
    backend: { inference: "wasm", training: "native" },
    gateways: [
      {
        ...{ gateway: "pump-1", link: "mqtt", windows },
        accuracy: { released: 1, changed: 0, recovered: 1 },
      },
    ],
  });
  expect(result.gateways[0]?.macroF1).toEqual(result.macroF1);
  expect(result.leaks).toMatchObject({ samples: 0, plantedLabels: 0, searchedBytes: 15 });
});

const packetAt = epochUs + 17 * packetUs;
const info = {
  sensor: "vibration",
  rateHz: 1000,
  channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
};
/** What a gateway's decoder of MQTT packets makes of a packet. */
const fromMqtt = decoderOf(
  info,
  parseFormat(
    { kind: "packed", time: { type: "int64", unit: "us" }, type: "int16", scale: accelerationStep },
    info,
  ),
)(stream.packet(packetAt), 0).data;
/** What a gateway's decoder of frames makes of it. */
const fromFrame = decodeSamples(
  info,
  encodeSamples({
    startUs: packetAt,
    channels: 3,
    scale: accelerationStep,
    steps: new Int16Array(stream.packet(packetAt).slice(8).buffer),
  }),
).data;

test.for<[string, "mqtt" | "firmware, C99", Uint8Array, "samples" | "plantedLabels"]>([
  ["part of a packet", "mqtt", stream.packet(packetAt).slice(101, 160), "samples"],
  ["part of a packet", "firmware, C99", stream.packet(packetAt).slice(101, 160), "samples"],
  ["decoded samples", "mqtt", bytesOf(fromMqtt).slice(41, 90), "samples"],
  ["decoded samples", "firmware, C99", bytesOf(fromFrame).slice(41, 90), "samples"],
  ["a label's author", "mqtt", utf8(`{"by":"${plantedLabeller}"}`), "plantedLabels"],
])("%s of a sensor behind %s is found in whatever crossed", async ([, link, content, where]) => {
  const options = { ...measured(), stations: [{ member: { name: "pump-1" }, link, stream }] };
  const message = { gateway: "pump-1", direction: "up", kind: "update", wireBytes: 1 } as const;
  options.ledger.record({ ...message, content: [content] });
  expect((await resultOf(options)).leaks[where]).toBeGreaterThan(0);
});
