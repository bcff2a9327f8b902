import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Manifest } from "@edgeloop/core/bundle";
import { bundleDiff, parseManifest } from "@edgeloop/core/bundle";
import type { Accidents } from "./accidents.ts";
import { survived } from "./accidents.ts";
import type { Backends } from "./backends.ts";
import type { CaptureLedger, TrafficRow } from "./capture/ledger.ts";
import type { Leaks } from "./capture/search.ts";
import { searchLeaks } from "./capture/search.ts";
import type { DriverFigures } from "./figures.ts";
import { figuresOf } from "./figures.ts";
import type { PumpStation } from "./fleet/pump-station.ts";
import {
  accelerationStep,
  epochUs,
  packetSamples,
  packetUs,
  plantedLabeller,
} from "./plant/plant-stream.ts";
import type { PredictionBook } from "./plant/prediction-book.ts";
import type { RoundBook } from "./round-book.ts";
import type { Plant } from "./setup.ts";

/** A figure of each phase: version 1 before the change and after it, and the recovered model. */
export type Phased = Readonly<Record<"released" | "changed" | "recovered", number>>;

/** What the demo found; `npm start -- --json` prints it. Documented in docs/demo.md. */
export type DemoResult = {
  readonly format: 1;
  readonly macroF1: Phased;
  readonly accuracy: {
    /** The released model before the change: trained centrally in the laboratory. */
    readonly central: number;
    /** The recovered model, by the devices' own evaluation. */
    readonly federated: number;
    /** Laboratory, held-out windows. */
    readonly float: number;
    readonly int8: number;
    /** The recovered model, by the driver. */
    readonly recovered: number;
    readonly changed: number;
  };
  readonly rawBytesCrossed: number;
  readonly leaks: Leaks;
  readonly latencyMs: {
    /** Null, as those that follow, where the state had no window. */
    readonly p50: number | null;
    readonly p99: number | null;
    readonly p99Training: number | null;
    readonly p99AllTraining: number | null;
    readonly windows: Readonly<Record<"idle" | "training" | "allTraining" | "queued", number>>;
  };
  readonly rounds: number;
  readonly bytes: {
    readonly up: number;
    readonly down: number;
    readonly bundle: number;
    readonly rows: readonly TrafficRow[];
  };
  /** Of the recovered bundle: blobs that the gateways had, and blobs that travelled. */
  readonly blobs: {
    readonly reused: number;
    readonly fetched: number;
    readonly reusedBytes: number;
    readonly fetchedBytes: number;
  };
  readonly accidentsSurvived: number;
  readonly backend: Backends;
  readonly windows: Phased;
  readonly gateways: readonly GatewayResult[];
};

/** One gateway's part of the result. */
export type GatewayResult = {
  readonly gateway: string;
  readonly link: string;
  readonly accuracy: Phased;
  readonly macroF1: Phased;
  readonly windows: Phased;
};

type Station = Pick<PumpStation, "link" | "stream"> & {
  readonly member: Pick<PumpStation["member"], "name">;
};

/** What the result is drawn from. */
export type ResultOptions = {
  readonly plant: Pick<Plant, "directory" | "release">;
  readonly stations: readonly Station[];
  readonly accidents: Pick<Accidents, "list">;
  readonly book: PredictionBook;
  readonly rounds: RoundBook;
  readonly ledger: CaptureLedger;
  readonly backend: Backends;
  readonly changeUs: number;
  readonly recoveredUs: number;
  readonly recovered: string;
};

/** Adds up what was measured. */
export async function resultOf(options: ResultOptions): Promise<DemoResult> {
  const { plant, book, stations, ledger, rounds, accidents } = options;
  const names = stations.map(({ member }) => member.name);
  const figures = figuresOf(
    book,
    { ...options, released: plant.release.sha256, windowUs: 2 * packetUs },
    names,
  );
  const leaks = searchLeaks(ledger, rawOf(options));
  const rawBytesCrossed = ledger.rawBytes();
  const rows = ledger.rows();
  const sum = (direction: string): number =>
    rows.reduce((total, row) => total + (row.direction === direction ? row.bytes : 0), 0);
  const done = rounds.rounds().filter(({ accuracy }) => accuracy !== undefined);
  const { idle, training, allTraining, queued } = figures.latency;
  return {
    format: 1,
    macroF1: by(figures, (score) => score.macroF1),
    accuracy: {
      central: figures.released.accuracy,
      federated: done.at(-1)?.accuracy ?? 0,
      float: plant.release.float.accuracy,
      int8: plant.release.int8.accuracy,
      recovered: figures.recoveredPhase.accuracy,
      changed: figures.changed.accuracy,
    },
    rawBytesCrossed,
    leaks,
    latencyMs: {
      p50: idle.p50,
      p99: idle.p99,
      p99Training: training.p99,
      p99AllTraining: allTraining.p99,
      windows: {
        idle: idle.windows,
        training: training.windows,
        allTraining: allTraining.windows,
        queued,
      },
    },
    rounds: done.length,
    bytes: { up: sum("up"), down: sum("down"), bundle: plant.release.bytes, rows },
    blobs: await blobsOf(options),
    accidentsSurvived: survived(accidents.list),
    backend: options.backend,
    windows: by(figures, (score) => score.windows),
    gateways: stations.map(({ member, link }) => ({
      gateway: member.name,
      link,
      accuracy: by(figures, (score) => score.gateways[member.name]?.accuracy ?? 0),
      macroF1: by(figures, (score) => score.gateways[member.name]?.macroF1 ?? 0),
      windows: by(figures, (score) => score.gateways[member.name]?.windows ?? 0),
    })),
  };
}

/** Compares the recovered bundle with the one before it, as the registry holds both. */
async function blobsOf({ plant, recovered }: ResultOptions): Promise<DemoResult["blobs"]> {
  const folder = join(plant.directory, "coordinator", "registry", "blobs");
  const manifest = async (sha256: string): Promise<Manifest> =>
    parseManifest(await readFile(join(folder, sha256)));
  const diff = bundleDiff(await manifest(recovered), await manifest(plant.release.sha256));
  return {
    reused: diff.reused.length,
    fetched: diff.added.length,
    reusedBytes: diff.reusedBytes,
    fetchedBytes: diff.addedBytes,
  };
}

const by = (
  figures: DriverFigures,
  pick: (score: DriverFigures["released"]) => number,
): Phased => ({
  released: pick(figures.released),
  changed: pick(figures.changed),
  recovered: pick(figures.recoveredPhase),
});

/** Everything that the sensors said, as the driver makes it again, and as each gateway's decoder rounds it. */
function rawOf({ stations, recoveredUs }: ResultOptions) {
  const steps: Int16Array[] = [];
  const floats: Float32Array[] = [];
  for (const { link, stream } of stations) {
    // A packed payload is scaled by the configured number, a frame by the float32 that it carries.
    const scale = link === "mqtt" ? accelerationStep : Math.fround(accelerationStep);
    for (let at = epochUs; at < recoveredUs; at += packetUs) {
      const block = new Int16Array(stream.packet(at).slice(8).buffer, 0, packetSamples * 3);
      steps.push(block);
      floats.push(Float32Array.from(block, (step) => step * scale));
    }
  }
  return { steps, floats, planted: [plantedLabeller] };
}
