import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeRecording } from "@edgeloop/core/data/node";
import { deriveSeed, gaussian, seededRng } from "@edgeloop/core/platform";
import { stringify } from "yaml";
import { captureLedger } from "../capture/ledger.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import { roundBook } from "../round-book.ts";
import type { LiveBooks, LiveResult } from "./live-fold.ts";
import type { FoldResult } from "./result.ts";
import type { RecordingsSettings } from "./settings.ts";
import { sameDeviceRounds } from "./settings.ts";

/** What self-made people do, one after the other, a few seconds each. */
const doings = ["still", "walking"] as const;
const spanS = 3;
const rateHz = 20;

/**
 * Records people who stand and walk, each at a pace and with a strength of their own.
 *
 * @param people Names; each gets two recordings, at times of its own.
 * @param spans Stretches of three seconds in each recording, in turn still and walking.
 */
export async function recordPeople(
  directory: string,
  people: readonly string[],
  spans = 6,
): Promise<void> {
  for (const [index, person] of people.entries()) {
    for (const take of [0, 1]) {
      const rng = seededRng(deriveSeed(index, `take ${take}`));
      const startUs = (1_700_000_000 + 86_400 * index + 600 * take) * 1_000_000;
      const rows = spans * spanS * rateHz;
      const [pace, strength] = [1.5 + 0.2 * index, 2 + 0.3 * index];
      const data = Float32Array.from({ length: rows * 3 }, (_, at) => {
        const [row, axis] = [Math.floor(at / 3), at % 3];
        const isWalking = Math.floor(row / (spanS * rateHz)) % 2 === 1;
        const gravity = axis === 2 ? 9.8 : 0;
        const step = isWalking
          ? strength * Math.sin((2 * Math.PI * pace * row) / rateHz + axis)
          : 0;
        return gravity + step + 0.1 * gaussian(rng);
      });
      await writeRecording(
        join(directory, `${person}-${take}`),
        {
          sensor: "imu",
          channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
          rateHz,
          origin: "made for a test",
          attributes: { person, device: "belt" },
        },
        {
          timesUs: Float64Array.from({ length: rows }, (_, row) => startUs + (row * 1e6) / rateHz),
          data,
          labels: Array.from({ length: spans }, (_, span) => ({
            startUs: startUs + span * spanS * 1e6,
            endUs: startUs + (span + 1) * spanS * 1e6,
            label: doings[span % 2] ?? "still",
            by: "test",
          })),
        },
        { synced: false },
      );
    }
  }
}

/** Writes the problem of such people, small enough to be learned in a second; returns its path. */
export async function writeProblem(directory: string): Promise<string> {
  const path = join(directory, "edgeloop.yaml");
  await writeFile(
    path,
    stringify({
      format: 1,
      name: "people",
      task: "classification",
      sensor: {
        name: "imu",
        rateHz,
        channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
      },
      window: { lengthSamples: 20, hopSamples: 5 },
      classes: doings,
      objective: { metric: "accuracy", atLeast: 0.5 },
      constraints: { bundleBytesMax: 262_144, latencyMsP99Max: 500 },
      slices: [],
      features: [],
      model: {
        kind: "cnn",
        norm: "group",
        positions: 2,
        layers: [{ filters: 8, kernel: 5, stride: 2 }],
      },
      training: {
        ...{ epochs: 15, batchSize: 8, learningRate: 0.01, weightDecay: 0.01 },
        ...{ labelSmoothing: 0, seed: 1 },
        augment: { rotateDegrees: 10, scale: 0.1, jitter: 0.01, flip: false },
      },
    }),
  );
  return path;
}

/** Settings of a small study on such people. */
export const studySettings = (
  recordings: string,
  changes: Partial<RecordingsSettings> = {},
): RecordingsSettings => ({
  recordings,
  where: {},
  laboratoryWhere: undefined,
  groupBy: "person",
  problem: undefined,
  folds: 2,
  rounds: { ...sameDeviceRounds, rounds: 2 },
  seed: 1,
  stay: false,
  directory: join(recordings, "out"),
  backend: "wasm",
  ...changes,
});

/** One fold's figures, made up; macro-F1 as where the field has other devices. */
export const exampleFold = (changes: Partial<FoldResult> = {}): FoldResult => ({
  ...{ central: 0.9, centralInt8: 0.9, laboratory: 0.5, federated: 0.88, float: 0.88, int8: 0.87 },
  macroF1: { released: 0.9, changed: 0.5, recovered: 0.8 },
  people: { laboratory: ["ann"], field: ["bob"], held: ["<script>"] },
  ...{ windows: 10, live: true },
  ...changes,
});

/** A live fold that one gateway, bob, took part in, and whose books hold what is given. */
export const exampleLive = (books: Partial<LiveBooks> = {}): LiveResult => ({
  ...exampleFold(),
  ...{ gateways: ["bob"], book: predictionBook(["a", "b"]), rounds: roundBook() },
  ledger: captureLedger(),
  leaks: { samples: 0, plantedLabels: 0, sequences: 5, searchedBytes: 1024 },
  releases: ["a", "b"],
  published: { before: 0.6, after: 0.8 },
  plant: {
    directory: "/nowhere",
    ports: { http: 1, mqtt: 2, admin: 3 },
    operatorToken: "",
    release: {
      ...{ sha256: "a", bytes: 4096 },
      ...{ float: { accuracy: 0.5, macroF1: 0.5 }, int8: { accuracy: 0.5, macroF1: 0.5 } },
    },
  },
  ...books,
});
