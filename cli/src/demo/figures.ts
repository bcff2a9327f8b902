import type { LatencyScore, PredictionBook, Score } from "./plant/prediction-book.ts";

/** Which windows belong to which phase. */
export type Phases = {
  readonly windowUs: number;
  readonly changeUs: number;
  /** Identity of the released bundle, and of the one after recovery. */
  readonly released: string;
  readonly recovered: string;
  /** Sensor time at which the last gateway served the recovered model. */
  readonly recoveredUs: number;
};

/** Scores of one phase: of the fleet and of each gateway. */
export type PhaseScore = Score & { readonly gateways: Readonly<Record<string, Score>> };

/** What the driver measured. */
export type DriverFigures = {
  readonly released: PhaseScore;
  readonly changed: PhaseScore;
  readonly recoveredPhase: PhaseScore;
  readonly latency: {
    readonly idle: LatencyScore;
    readonly training: LatencyScore;
    readonly allTraining: LatencyScore;
    /** Windows whose samples waited because a process was down. */
    readonly queued: number;
  };
};

/** Scores every phase from the book of predictions. */
export function figuresOf(
  book: PredictionBook,
  phases: Phases,
  gateways: readonly string[],
): DriverFigures {
  type Span = { readonly startUs: number; readonly endUs: number; readonly model: string };
  const isPhase: Readonly<Record<"released" | "changed" | "recovered", (span: Span) => boolean>> = {
    released: ({ endUs, model }) => endUs <= phases.changeUs && model === phases.released,
    changed: ({ startUs, model }) => startUs >= phases.changeUs && model === phases.released,
    recovered: ({ startUs, model }) => startUs >= phases.recoveredUs && model === phases.recovered,
  };
  const scoreOf = (phase: keyof typeof isPhase): PhaseScore => {
    const keep = ({ endUs, model }: { readonly endUs: number; readonly model: string }): boolean =>
      isPhase[phase]({ startUs: endUs - phases.windowUs, endUs, model });
    return {
      ...book.score(keep),
      gateways: Object.fromEntries(
        gateways.map((name) => [
          name,
          book.score((entry) => entry.gateway === name && keep(entry)),
        ]),
      ),
    };
  };
  const all = gateways.length;
  return {
    released: scoreOf("released"),
    changed: scoreOf("changed"),
    recoveredPhase: scoreOf("recovered"),
    latency: {
      idle: book.latency(({ training }) => training === 0),
      training: book.latency(({ training }) => training > 0),
      allTraining: book.latency(({ training }) => training === all),
      queued: book.entries(({ queued }) => queued).length,
    },
  };
}
