import type { CaptureLedger } from "./capture/ledger.ts";
import { attributeMs } from "./capture/ledger.ts";
import type { PlantPlayer } from "./fleet/plant-player.ts";
import type { Entry, PredictionBook } from "./plant/prediction-book.ts";
import type { LiveReport } from "./report/report-server.ts";
import type { AccuracyPoint } from "./report/report-state.ts";
import type { RoundBook } from "./round-book.ts";
import type { Phase } from "./timeline.ts";
import { phases } from "./timeline.ts";

/** What the live page and the terminal are told of. */
export type Stage = {
  phase(phase: Phase): void;
  event(text: string): void;
  /** Reads the books and tells the page what changed; called once a second. */
  refresh(): void;
  /** Seconds since the live part began. */
  readonly atS: () => number;
};

/** Seconds over which accuracy is averaged for the plot. */
const slidingS = 3;
/** Events that the page keeps. */
const eventsMax = 400;
/** Points of accuracy that the page keeps: half an hour at one a second. */
const pointsMax = 1800;

/** Where a stage reads from. */
export type StageOptions = {
  readonly report: LiveReport;
  readonly gateways: readonly string[];
  readonly book: PredictionBook;
  readonly rounds: RoundBook;
  readonly ledger: CaptureLedger;
  readonly player: () => PlantPlayer | undefined;
  readonly say: (line: string) => void;
};

/** Builds the stage. */
export function openStage(options: StageOptions): Stage {
  const { report, gateways, book, rounds, ledger, player, say } = options;
  const startMs = performance.now();
  const atS = (): number => Math.round((performance.now() - startMs) / 100) / 10;
  const point = (): AccuracyPoint | undefined => {
    const nowUs = player()?.nowUs();
    if (nowUs === undefined) return undefined;
    // One walk through the book: what the driver does beside is time that predictions wait for.
    const recent = book.entries(({ endUs }) => endUs > nowUs - slidingS * 1e6);
    return {
      atS: atS(),
      fleet: shareOfRight(recent),
      gateways: gateways.map((name) =>
        shareOfRight(recent.filter(({ gateway }) => gateway === name)),
      ),
    };
  };
  return {
    atS,
    phase(phase) {
      say(`[${atS().toFixed(1).padStart(6)} s] ${phases[phase]}`);
      report.update({ phase: phases[phase] });
    },
    event(text) {
      say(`[${atS().toFixed(1).padStart(6)} s]   ${text}`);
      const events = [...report.state().events, { atS: atS(), text }].slice(-eventsMax);
      report.update({ events });
    },
    refresh() {
      const next = point();
      ledger.attribute(attributeMs);
      const idle = book.latency(({ training }) => training === 0);
      const busy = book.latency(({ training }) => training > 0);
      report.update({
        ...(next ? { accuracy: [...report.state().accuracy, next].slice(-pointsMax) } : {}),
        rounds: rounds.rounds(),
        traffic: ledger.rows(),
        latency: [
          { name: "idle", windows: idle.windows, p50Ms: idle.p50, p99Ms: idle.p99 },
          { name: "while training", windows: busy.windows, p50Ms: busy.p50, p99Ms: busy.p99 },
        ],
      });
    },
  };
}

const shareOfRight = (entries: readonly Entry[]): number | null =>
  entries.length === 0
    ? null
    : entries.filter(({ truth, predicted }) => truth === predicted).length / entries.length;
