/** One prediction against the truth. */
export type Scored = {
  readonly gateway: string;
  /** Sensor time at which the window ends. */
  readonly endUs: number;
  readonly truth: string;
  readonly predicted: string;
};

/** Right answers of a set of predictions. */
export type Score = {
  readonly windows: number;
  readonly accuracy: number;
  readonly macroF1: number;
};

/**
 * Scores predictions.
 *
 * Macro-F1 is the mean of the classes' F1; a class that neither occurs nor is predicted counts 0, as scikit-learn's
 * `zero_division=0` does.
 *
 * @example
 * const at = { gateway: "g", endUs: 0 };
 * score([{ ...at, truth: "a", predicted: "a" }, { ...at, truth: "b", predicted: "a" }], ["a", "b"]).accuracy; // => 0.5
 */
export function score(scored: readonly Scored[], classes: readonly string[]): Score {
  const f1 = classes.map((name) => {
    let [both, truth, predicted] = [0, 0, 0];
    for (const one of scored) {
      if (one.truth === name) truth += 1;
      if (one.predicted === name) predicted += 1;
      if (one.truth === name && one.predicted === name) both += 1;
    }
    return truth + predicted === 0 ? 0 : (2 * both) / (truth + predicted);
  });
  const right = scored.filter((one) => one.truth === one.predicted).length;
  return {
    windows: scored.length,
    accuracy: scored.length === 0 ? 0 : right / scored.length,
    macroF1: f1.reduce((sum, value) => sum + value, 0) / classes.length,
  };
}
