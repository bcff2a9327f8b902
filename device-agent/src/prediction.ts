import type { Window } from "@edgeloop/core/data";
import type { Statement } from "@edgeloop/core/platform";
import type { Served } from "./serving.ts";

/** The JSON that the inference topic carries. */
export type PredictionMessage = {
  readonly format: 1;
  readonly sensor: string;
  /** Start of the window in microseconds of sensor time. */
  readonly startUs: number;
  readonly endUs: number;
  readonly label: string;
  /** One score a class, in the manifest's order. */
  readonly scores: readonly number[];
  /** SHA-256 of the manifest of the model. */
  readonly model: string;
  readonly version: number;
  /** From the packet that completed the window to this message, inside the gateway. */
  readonly latencyMs: number;
};

/** Writes a prediction as the inference topic carries it. */
export const predictionMessage = (
  window: Pick<Window, "sensor" | "startUs"> & { readonly endUs: number },
  { classification, classifier }: Served,
  latencyMs: number,
): PredictionMessage => ({
  format: 1,
  sensor: window.sensor,
  startUs: window.startUs,
  endUs: window.endUs,
  label: classification.label,
  scores: classification.scores,
  model: classifier.identity,
  version: classifier.manifest.version,
  latencyMs,
});

/** The row of a prediction; the same window again by the same model changes nothing. */
export const predictionRow = (
  window: Pick<Window, "sensor" | "startUs"> & { readonly endUs: number },
  { classification, classifier }: Served,
  atUs: number,
): Statement => ({
  sql: `INSERT INTO prediction (sensor, start_us, end_us, label, scores, model, at_us) VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (sensor, start_us, model) DO NOTHING`,
  params: [
    window.sensor,
    window.startUs,
    window.endUs,
    classification.label,
    JSON.stringify(classification.scores),
    classifier.identity,
    atUs,
  ],
});

/** Drops the oldest predictions beyond the bound. */
export const trimPredictions = (predictionsMax: number): Statement => ({
  sql: "DELETE FROM prediction WHERE id <= (SELECT MAX(id) FROM prediction) - ?",
  params: [predictionsMax],
});
