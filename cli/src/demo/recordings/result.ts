import type { TrafficRow } from "../capture/ledger.ts";
import type { Leaks } from "../capture/search.ts";
import type { FoldFigures } from "./fold.ts";
import type { LiveLatency } from "./live-figures.ts";
import { liveLatency } from "./live-figures.ts";
import type { LiveResult } from "./live-fold.ts";
import type { MacroF1 } from "./macro-f1.ts";

/** One fold of the result; shares of right predictions on people held out. */
export type FoldResult = FoldFigures & {
  /** The federated model in float. */
  readonly float: number;
  /** Whether it ran with real processes. */
  readonly live: boolean;
};

/** What a run on recordings found; `--json` prints it. Documented in examples/har/README.md. */
export type RecordingsResult = {
  readonly format: 1;
  /** Means over the folds. */
  readonly accuracy: Readonly<Record<keyof typeof means, number>>;
  readonly folds: readonly FoldResult[];
  /** Mean over the folds; `changed` is null where laboratory and field have the same kind of device. */
  readonly macroF1: MacroF1;
  /** Of the live fold. */
  readonly latencyMs: LiveLatency;
  /** None is made in a run on recordings. */
  readonly accidentsSurvived: 0;
  readonly rawBytesCrossed: number;
  readonly leaks: Leaks;
  /** Rounds of the live fold. */
  readonly rounds: number;
  readonly bytes: {
    readonly up: number;
    readonly down: number;
    readonly bundle: number;
    readonly rows: readonly TrafficRow[];
  };
  /** Published predictions of the live fold's gateways on their own windows, before and after the rounds. */
  readonly published: LiveResult["published"];
  /** What the live fold released, the laboratory's model first. */
  readonly releases: readonly { readonly manifest: string }[];
  readonly backend: string;
  readonly wallS: number;
};

const means = {
  central: (fold: FoldResult): number => fold.central,
  centralInt8: (fold: FoldResult): number => fold.centralInt8,
  laboratory: (fold: FoldResult): number => fold.laboratory,
  federated: (fold: FoldResult): number => fold.federated,
  float: (fold: FoldResult): number => fold.float,
  int8: (fold: FoldResult): number => fold.int8,
};

/** Adds up what was measured. */
export function recordingsResult(
  folds: readonly FoldResult[],
  live: LiveResult,
  run: { readonly backend: string; readonly wallS: number },
): RecordingsResult {
  const rawBytesCrossed = live.ledger.rawBytes();
  const rows = live.ledger.rows();
  const sum = (direction: string): number =>
    rows.reduce((total, row) => total + (row.direction === direction ? row.bytes : 0), 0);
  const mean = (of: (fold: FoldResult) => number): number =>
    folds.reduce((total, fold) => total + of(fold), 0) / folds.length;
  return {
    format: 1,
    accuracy: {
      central: mean(means.central),
      centralInt8: mean(means.centralInt8),
      laboratory: mean(means.laboratory),
      federated: mean(means.federated),
      float: mean(means.float),
      int8: mean(means.int8),
    },
    folds,
    macroF1: {
      released: mean((fold) => fold.macroF1.released),
      // Every fold has the same kinds of device.
      changed: folds.some((fold) => fold.macroF1.changed === null)
        ? null
        : mean((fold) => fold.macroF1.changed ?? 0),
      recovered: mean((fold) => fold.macroF1.recovered),
    },
    latencyMs: liveLatency(live.book, live.gateways.length),
    accidentsSurvived: 0,
    rawBytesCrossed,
    leaks: live.leaks,
    rounds: live.rounds.rounds().filter(({ accuracy }) => accuracy !== undefined).length,
    bytes: { up: sum("up"), down: sum("down"), bundle: live.plant.release.bytes, rows },
    published: live.published,
    releases: live.releases.map((manifest) => ({ manifest })),
    ...run,
  };
}
