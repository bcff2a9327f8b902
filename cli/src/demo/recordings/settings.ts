import type { Where } from "@edgeloop/core/data";
import type { RoundSettings } from "./fold.ts";

/** How a run on recordings is set up. */
export type RecordingsSettings = {
  /** Folder of recordings, as `edgeloop data import` and `data record` write them. */
  readonly recordings: string;
  /** Which of them the field and the test are. */
  readonly where: Where;
  /** Which of them the laboratory is, when it has other devices than the field. */
  readonly laboratoryWhere: Where | undefined;
  /** The attribute that tells people apart: nobody stands on both sides of a split. */
  readonly groupBy: string;
  /** Path of an `edgeloop.yaml`; derived from the recordings when absent. */
  readonly problem: string | undefined;
  readonly folds: number;
  readonly rounds: RoundSettings;
  readonly seed: number;
  /** Keeps the fleet running after the report until it is interrupted. */
  readonly stay: boolean;
  /** Folder of everything that the run writes. */
  readonly directory: string;
  readonly backend: "auto" | "native" | "wasm";
};

/** Rounds where laboratory and field have the same kind of device. */
export const sameDeviceRounds: RoundSettings = {
  rounds: 10,
  epochs: 2,
  learningRate: 0.002,
  learningRateFloor: 0.1,
  serverMomentum: 0.7,
};

/** Rounds where the field has another kind of device than the laboratory: there is more to learn. */
export const otherDeviceRounds: RoundSettings = {
  ...sameDeviceRounds,
  rounds: 12,
  epochs: 3,
  learningRate: 0.003,
};
