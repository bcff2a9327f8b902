import { EdgeloopError } from "../platform/errors.ts";
import { autocorrelationTime } from "./effective-size.ts";
import { kolmogorovPValue, largestGap } from "./kolmogorov-smirnov.ts";
import type { NoveltyReference } from "./novelty.ts";
import { novelty, noveltyReference } from "./novelty.ts";

/** How a detector judges. */
export type DriftOptions = {
  /** Names of the features, in the order in which they are pushed. */
  readonly features: readonly string[];
  /** Windows after the start that are the least that counts as normal. */
  readonly referenceWindows: number;
  /** The reference grows up to here until it can tell a change from the process's own wandering. */
  readonly referenceWindowsMax: number;
  /** Last windows that are compared with the reference. */
  readonly currentWindows: number;
  /** Windows between two comparisons. */
  readonly strideWindows: number;
  /** An event needs a p-value below this, after correction for the number of tests in one comparison. */
  readonly pValueMax: number;
};

/** At ten windows a second: at least 20 s of reference, then 6 s against it, twice a second. */
export const driftDefaults: Omit<DriftOptions, "features"> = {
  referenceWindows: 200,
  referenceWindowsMax: 1200,
  currentWindows: 60,
  strideWindows: 5,
  pValueMax: 1e-5,
};

/** How far a feature moved. */
export type FeatureShift = {
  readonly name: string;
  /** Kolmogorov–Smirnov distance between reference and current windows. */
  readonly statistic: number;
  /** Its p-value at the effective sample sizes, times the number of features. */
  readonly pValue: number;
};

/** What a detector noticed. */
export type DriftEvent = {
  /** `novelty`: windows unlike any of the reference; `distribution`: known windows in other proportions. */
  readonly cause: "novelty" | "distribution";
  readonly statistic: number;
  readonly pValue: number;
  readonly samples: {
    readonly reference: number;
    readonly current: number;
    /** What they are worth in independent windows. */
    readonly referenceEffective: number;
    readonly currentEffective: number;
  };
  /** The features that moved most, the first most; at most five. */
  readonly features: readonly FeatureShift[];
};

/** All that a detector remembers. Plain data, ready for JSON. */
export type DriftState = {
  readonly format: 1;
  readonly features: readonly string[];
  /** Row-major `[window, feature]`, in order of time. */
  readonly reference: readonly number[];
  /** The reference is complete; windows since then are watched. */
  readonly watching: boolean;
  /** Row-major `[window, feature]`, in order of time; at most `currentWindows`. */
  readonly current: readonly number[];
  readonly sinceComparison: number;
};

/** Notices when windows are no longer what they were. */
export type DriftDetector = {
  /** Takes a window's features; returns an event at the window at which a change is certain enough. */
  push(features: ArrayLike<number>): DriftEvent | undefined;
  /** Forgets the reference; the next windows are the new one (a new model, a repaired machine). */
  restart(): void;
  readonly state: DriftState;
};

/**
 * Builds a detector whose reference is the first windows that it sees.
 *
 * A machine stays in a state for seconds and comes back to it, so windows are neither independent nor of one kind. The
 * main test therefore asks of each window how far it is from the nearest one of the reference, and whether the current
 * windows are farther off than windows of the reference are from others of another time. Sample sizes are divided by the
 * autocorrelation time; while they are too small for any change to be certain, the reference grows. After an event the
 * detector starts again on what is then normal: one event a change.
 *
 * @param state What another detector with the same features remembered; it goes on from there.
 * @throws `DRIFT_STATE_INVALID` when the state is of other features, `FORMAT_UNKNOWN`, `FEATURES_INVALID` from `push`.
 */
export function driftDetector(
  options: Pick<DriftOptions, "features"> & Partial<DriftOptions>,
  state?: DriftState,
): DriftDetector {
  const settings: DriftOptions = { ...driftDefaults, ...options };
  const width = settings.features.length;
  let now = state ? checkState(state, settings) : fresh(settings.features);
  let watch = now.watching ? buildWatch(now.reference, settings) : undefined;
  let scores = watch ? scoresOf(now.current, watch.reference) : [];

  const restart = (): void => {
    now = fresh(settings.features);
    watch = undefined;
    scores = [];
  };
  const collect = (row: readonly number[]): void => {
    now = { ...now, reference: [...now.reference, ...row] };
    const windows = now.reference.length / width;
    const last = windows >= settings.referenceWindowsMax;
    const due = (windows - settings.referenceWindows) % settings.currentWindows === 0;
    if (windows < settings.referenceWindows || !(due || last)) return;
    const built = buildWatch(now.reference, settings);
    if (!(built.able || last)) return;
    watch = built;
    now = { ...now, watching: true };
  };
  const compareWith = (row: readonly number[], reference: Watch): DriftEvent | undefined => {
    const current = [...now.current, ...row].slice(-settings.currentWindows * width);
    const sinceComparison = now.sinceComparison + 1;
    now = { ...now, current, sinceComparison };
    scores = [...scores, novelty(reference.reference, row)].slice(-settings.currentWindows);
    const ready = scores.length === settings.currentWindows;
    if (!ready || sinceComparison < settings.strideWindows) return undefined;
    now = { ...now, sinceComparison: 0 };
    const event = compare({ current, scores, watch: reference }, settings);
    if (event) restart();
    return event;
  };
  return {
    get state() {
      return now;
    },
    restart,
    push(features) {
      const row = rounded(features, width);
      if (watch) return compareWith(row, watch);
      collect(row);
      return undefined;
    },
  };
}

const fresh = (features: readonly string[]): DriftState => ({
  format: 1,
  features,
  reference: [],
  watching: false,
  current: [],
  sinceComparison: 0,
});

function checkState(state: DriftState, { features }: DriftOptions): DriftState {
  if (state.format > 1) {
    throw new EdgeloopError("FORMAT_UNKNOWN", "the state was written by a later version");
  }
  const sameFeatures = JSON.stringify(state.features) === JSON.stringify(features);
  const areRows = (rows: readonly number[]): boolean =>
    Array.isArray(rows) && rows.length % features.length === 0 && rows.every(Number.isFinite);
  const { reference, current, watching, sinceComparison } = state;
  const whole = areRows(reference) && areRows(current) && Number.isSafeInteger(sinceComparison);
  if (sameFeatures && whole && (!watching || reference.length > 0)) return state;
  throw new EdgeloopError(
    "DRIFT_STATE_INVALID",
    "the state must be of the same features, its rows whole and finite; start without it",
    { details: { expected: features, got: state.features } },
  );
}

// Six digits are more than a sensor has, and a third of the state's size.
function rounded(features: ArrayLike<number>, width: number): readonly number[] {
  const row = Array.from(features, (value) => Number(value.toPrecision(6)));
  if (row.length === width && row.every(Number.isFinite)) return row;
  throw new EdgeloopError("FEATURES_INVALID", `a window has ${width} finite features`, {
    details: { features: row },
  });
}

type Watch = {
  readonly reference: NoveltyReference;
  readonly sortedScores: Float64Array;
  readonly scoreTime: number;
  readonly columns: readonly { readonly sorted: Float64Array; readonly time: number }[];
  /** Whether a change of nearly all windows would be certain enough. */
  readonly able: boolean;
};

// A change that moves nine windows of ten has to be found.
const fullShift = 0.9;

function buildWatch(rows: readonly number[], settings: DriftOptions): Watch {
  const width = settings.features.length;
  const flat = Float64Array.from(rows);
  const windows = flat.length / width;
  const reference = noveltyReference(flat, width, Math.ceil(windows / 6));
  const scoreTime = autocorrelationTime(reference.scores);
  const columns = settings.features.map((_, feature) => {
    const column = columnOf(flat, feature, width);
    return { sorted: column.toSorted(), time: autocorrelationTime(column) };
  });
  const sizes = effective(windows, settings.currentWindows, scoreTime);
  const able = oneSidedPValue(fullShift, sizes.joint) < settings.pValueMax / 2;
  return { reference, sortedScores: reference.scores.toSorted(), scoreTime, columns, able };
}

const columnOf = (rows: ArrayLike<number>, feature: number, width: number): Float64Array =>
  Float64Array.from({ length: rows.length / width }, (_, i) => rows[i * width + feature] ?? 0);

function scoresOf(rows: readonly number[], reference: NoveltyReference): number[] {
  const windows = rows.length / reference.width;
  return Array.from({ length: windows }, (_, i) =>
    novelty(reference, rows.slice(i * reference.width, (i + 1) * reference.width)),
  );
}

type Sizes = { readonly first: number; readonly second: number; readonly joint: number };

function effective(first: number, second: number, time: number): Sizes {
  const joint = (first * second) / (first + second) / time;
  return { first: first / time, second: second / time, joint };
}

// Of the one-sided distance; Massart 1990, Annals of Probability 18(3), for the exponent without a factor.
const oneSidedPValue = (distance: number, joint: number): number =>
  Math.min(1, Math.exp(-2 * joint * distance * distance));

type Comparison = {
  readonly current: readonly number[];
  readonly scores: readonly number[];
  readonly watch: Watch;
};

/** Two kinds of test share the chance of a false alarm. */
function compare(
  { current, scores, watch }: Comparison,
  settings: DriftOptions,
): DriftEvent | undefined {
  const width = settings.features.length;
  const reference = watch.sortedScores.length;
  const shifts = settings.features
    .map((name, feature): FeatureShift & { readonly time: number } => {
      const { sorted, time } = watch.columns[feature] ?? { sorted: new Float64Array(), time: 1 };
      const values = columnOf(current, feature, width).toSorted();
      const { above, below } = largestGap(sorted, values);
      const statistic = Math.max(above, below);
      const { joint } = effective(reference, values.length, time);
      return {
        name,
        statistic,
        pValue: Math.min(1, kolmogorovPValue(statistic, joint) * width),
        time,
      };
    })
    .toSorted((a, b) => b.statistic - a.statistic);
  const sortedScores = Float64Array.from(scores).toSorted();
  const { above: statistic } = largestGap(watch.sortedScores, sortedScores);
  const sizes = effective(reference, scores.length, watch.scoreTime);
  const pValue = oneSidedPValue(statistic, sizes.joint);
  const features = shifts.slice(0, 5).map(({ time: _, ...shift }) => shift);
  if (pValue < settings.pValueMax / 2) {
    return {
      cause: "novelty",
      statistic,
      pValue,
      samples: samplesOf(reference, scores.length, watch.scoreTime),
      features,
    };
  }
  const [moved] = shifts.toSorted((a, b) => a.pValue - b.pValue);
  if (!moved || moved.pValue >= settings.pValueMax / 2) return undefined;
  return {
    cause: "distribution",
    statistic: moved.statistic,
    pValue: moved.pValue,
    samples: samplesOf(reference, scores.length, moved.time),
    features,
  };
}

function samplesOf(reference: number, current: number, time: number): DriftEvent["samples"] {
  const { first, second } = effective(reference, current, time);
  return { reference, current, referenceEffective: first, currentEffective: second };
}
