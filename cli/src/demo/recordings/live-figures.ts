import { join } from "node:path";
import type { TrainPorts } from "@edgeloop/models";
import type { PredictionBook } from "../plant/prediction-book.ts";
import type { Plant } from "../setup.ts";
import type { FoldFigures, FoldOptions } from "./fold.ts";
import { accuracyOf, heldWindows, tested } from "./fold.ts";
import { macroF1Of } from "./macro-f1.ts";
import { readReleased } from "./released-model.ts";

/** What the live fold itself measures; the central model needs no processes. */
export type LiveFigures = Omit<FoldFigures, "central" | "centralInt8">;

/** Latency in milliseconds, from handing over a window's last sample to its prediction; null where no window was measured. */
export type LiveLatency = {
  /** While nobody trains. */
  readonly p50: number | null;
  readonly p99: number | null;
  /** While somebody trains, and while everybody does. */
  readonly p99Training: number | null;
  readonly p99AllTraining: number | null;
  /** Windows of each state; `queued` were replayed faster than real time and waited for each other: none of them counts. */
  readonly windows: Readonly<Record<"idle" | "training" | "allTraining" | "queued", number>>;
};

/** Measures the released bundles, as the coordinator published them, on the people held out. */
export async function liveFigures(
  fold: FoldOptions,
  releases: { readonly plant: Plant; readonly manifest: string },
  ports: Pick<TrainPorts, "open">,
): Promise<LiveFigures> {
  const { plant, manifest } = releases;
  const registry = join(plant.directory, "coordinator", "registry");
  const first = await readReleased(registry, plant.release.sha256);
  const last = await readReleased(registry, manifest);
  const held = heldWindows(fold);
  return {
    laboratory: await accuracyOf(first.float, held, ports),
    federated: await accuracyOf(last.float, held, ports),
    int8: await accuracyOf(last.int8, held, ports),
    macroF1: await macroF1Of(
      { ...tested(fold), released: first.int8, recovered: last.int8 },
      ports,
    ),
    windows: held.labels.length,
    people: fold.cast,
  };
}

/** Adds latencies up by how many of the gateways trained. */
export function liveLatency(book: PredictionBook, gateways: number): LiveLatency {
  const idle = book.latency(({ training }) => training === 0);
  const some = book.latency(({ training }) => training > 0);
  const all = book.latency(({ training }) => training === gateways);
  return {
    p50: idle.p50,
    p99: idle.p99,
    p99Training: some.p99,
    p99AllTraining: all.p99,
    windows: {
      idle: idle.windows,
      training: some.windows,
      allTraining: all.windows,
      queued: book.entries(({ queued }) => queued).length,
    },
  };
}
