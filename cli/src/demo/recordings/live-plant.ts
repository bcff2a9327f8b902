import { stringify } from "yaml";
import type { Plant } from "../setup.ts";
import { setUpPlant } from "../setup.ts";
import type { FoldOptions } from "./fold.ts";
import type { RecordingsSettings } from "./settings.ts";
import type { LabelPolicy } from "./timetable.ts";

/** How the fold is run. */
export type LivePlantOptions = {
  readonly settings: RecordingsSettings;
  /** When the coordinator starts the rounds. */
  readonly policy: LabelPolicy;
};

/** What setting up needs from outside. */
export type LivePlantPorts = {
  readonly backend: "native" | "wasm";
  readonly signal: AbortSignal;
  readonly event: (text: string) => void;
};

/** Deadlines that a dozen gateways on two cores keep. */
const deadlines = { selectingS: 120, trainingS: 300, calibratingS: 180, evaluatingS: 180 };

/** Makes keys, the laboratory's signed release, and the configuration of a coordinator that runs a fold's rounds. */
export async function setUpLivePlant(
  fold: FoldOptions,
  { settings, policy }: LivePlantOptions,
  { backend, signal, event }: LivePlantPorts,
): Promise<Plant> {
  const { problem, rounds, cast } = fold;
  const field = cast.field.length;
  const loop = {
    ...policy,
    approve: "automatic",
    rounds: rounds.rounds,
    release: "last",
    cohortMin: field,
  };
  const conditions = {
    ...(settings.laboratoryWhere ?? settings.where),
    [settings.groupBy]: cast.laboratory,
  };
  const { weightDecay, batchSize, seed, augment } = problem.training;
  return await setUpPlant({
    directory: settings.directory,
    problem: stringify({ ...problem, loop }),
    laboratory: () => Promise.resolve(settings.recordings),
    groupBy: settings.groupBy,
    where: Object.entries(conditions).flatMap(([name, values]) =>
      [values].flat().map((value) => `${name}=${value}`),
    ),
    devices: field,
    coordinator: {
      training: {
        ...{ seed, batchSize, augment, backend, optimizer: { kind: "adamw", weightDecay } },
        epochs: rounds.epochs,
        learningRate: rounds.learningRate,
        learningRateFloor: rounds.learningRateFloor,
        serverMomentum: rounds.serverMomentum,
        holdoutEvery: 0,
      },
      deadlines,
      rollout: { canaries: 1, stages: [1], failuresMax: 0, stageS: 300 },
      aggregateRestMs: 0,
    },
    signal,
    say: event,
  });
}
