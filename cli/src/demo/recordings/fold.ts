import type { Graph } from "@edgeloop/core/graph";
import type { Examples, Problem, TrainPorts } from "@edgeloop/models";
import {
  classify,
  examplesOf,
  fitScaling,
  modelGraph,
  quantizeModel,
  trainModel,
} from "@edgeloop/models";
import { federate } from "./federate.ts";
import type { MacroF1, MacroF1Options } from "./macro-f1.ts";
import { macroF1Of } from "./macro-f1.ts";
import type { Cast } from "./people.ts";

/** Windows that calibrate an int8 graph. */
const calibrationWindows = 512;

/** How the rounds of a fold are run. */
export type RoundSettings = {
  readonly rounds: number;
  readonly epochs: number;
  readonly learningRate: number;
  readonly learningRateFloor: number;
  readonly serverMomentum: number;
};

/** What a fold is made from. */
export type FoldOptions = {
  readonly problem: Problem;
  /** Windows of the devices in the field, and of those that the fold is tested on. */
  readonly field: Examples;
  /** Windows of the laboratory's devices: the same object as `field` when they are of the same kind. */
  readonly laboratory: Examples;
  readonly cast: Cast;
  readonly rounds: RoundSettings;
};

/** Shares of right predictions over the windows of the people held out. */
export type FoldFigures = {
  /** Trained in one place on everybody who is not held out. */
  readonly central: number;
  readonly centralInt8: number;
  /** The laboratory's model, before the first round. */
  readonly laboratory: number;
  /** After the last round, float. */
  readonly federated: number;
  readonly int8: number;
  /** Not a share: of the int8 graphs before and after the rounds. */
  readonly macroF1: MacroF1;
  /** Windows of the people held out. */
  readonly windows: number;
  readonly people: Cast;
};

/** The central model of a fold: what the federated one is measured against. */
export type CentralFigures = Pick<FoldFigures, "central" | "centralInt8">;

/** Runs a fold in one process: central model, laboratory, rounds, both int8 graphs. */
export async function runFold(options: FoldOptions, ports: TrainPorts): Promise<FoldFigures> {
  const { problem, field, cast } = options;
  const central = await centralFigures(options, ports);
  const start = await train(laboratoryWindows(options), problem, ports);
  const model = await federate(
    {
      problem,
      start,
      devices: cast.field.map((person) => examplesOf(field, (group) => group === person)),
      ...options.rounds,
      seed: problem.training.seed,
    },
    ports,
  );
  const learned = examplesOf(field, (group) => cast.field.includes(group));
  const int8 = await quantized(model, learned, ports);
  const released = await quantized(start, laboratoryWindows(options), ports);
  const held = heldWindows(options);
  return {
    ...central,
    laboratory: await accuracyOf(start, held, ports),
    federated: await accuracyOf(model, held, ports),
    int8: await accuracyOf(int8, held, ports),
    macroF1: await macroF1Of({ ...tested(options), released, recovered: int8 }, ports),
    windows: held.labels.length,
    people: cast,
  };
}

/** Trains the central model of a fold on the same people's windows, of the kind that is tested, and measures it. */
export async function centralFigures(
  options: FoldOptions,
  ports: TrainPorts,
): Promise<CentralFigures> {
  const { problem, field, cast } = options;
  const isSame = options.laboratory === field;
  const people = isSame ? [...cast.laboratory, ...cast.field] : cast.field;
  const windows = examplesOf(field, (group) => people.includes(group));
  const model = await train(windows, problem, ports);
  const int8 = await quantized(model, windows, ports);
  const held = heldWindows(options);
  return {
    central: await accuracyOf(model, held, ports),
    centralInt8: await accuracyOf(int8, held, ports),
  };
}

/** Windows that a fold is tested on. */
export const heldWindows = ({ field, cast }: FoldOptions): Examples =>
  examplesOf(field, (group) => cast.held.includes(group));

/** What macro-F1 is measured on in a fold. */
export const tested = (
  fold: FoldOptions,
): Pick<MacroF1Options, "classes" | "held" | "heldInLaboratory"> => ({
  classes: fold.problem.classes,
  held: heldWindows(fold),
  heldInLaboratory:
    fold.laboratory === fold.field
      ? undefined
      : examplesOf(fold.laboratory, (group) => fold.cast.held.includes(group)),
});

/** Windows that the laboratory's model learns from. */
export const laboratoryWindows = ({ laboratory, cast }: FoldOptions): Examples =>
  examplesOf(laboratory, (group) => cast.laboratory.includes(group));

const quantized = (model: Graph, windows: Examples, { open }: TrainPorts): Promise<Graph> =>
  quantizeModel(model, windows, { open, windowsMax: calibrationWindows });

/** Trains the problem's model from scratch; scaling is fitted to what it learns from. */
export const train = async (
  windows: Examples,
  problem: Problem,
  ports: TrainPorts,
): Promise<Graph> => {
  const scaling = fitScaling(windows, problem.sensor.channels);
  const graph = modelGraph(problem, scaling, problem.training.seed);
  return await trainModel(graph, windows, problem, ports);
};

/** Measures the share of windows that a model gets right. */
export async function accuracyOf(
  model: Graph,
  windows: Examples,
  { open }: Pick<TrainPorts, "open">,
): Promise<number> {
  const session = await open(model);
  try {
    const predicted = await classify(session, windows);
    const right = predicted.filter((label, row) => label === windows.labels[row]).length;
    return right / windows.labels.length;
  } finally {
    await session.dispose();
  }
}
