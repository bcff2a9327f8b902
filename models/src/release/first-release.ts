import type { BuiltBundle } from "@edgeloop/core/bundle";
import type { Graph } from "@edgeloop/core/graph";
import type { BlobStore, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Session } from "@edgeloop/core/runtime";
import { classify } from "../evaluate/evaluate-model.ts";
import type { Figures, Predicted, SliceFigures } from "../evaluate/slice-figures.ts";
import { figuresOf, sliceFigures, sliceMetrics } from "../evaluate/slice-figures.ts";
import { quantizeModel } from "../optimize/quantize-model.ts";
import type { Problem } from "../problem/problem.ts";
import type { Examples } from "../train/examples.ts";
import { selectExamples } from "../train/examples.ts";
import { modelGraph, pipelineOf } from "../train/model-graph.ts";
import { fitScaling } from "../train/scaling.ts";
import type { TrainPorts } from "../train/train-model.ts";
import { trainModel } from "../train/train-model.ts";
import { buildRelease } from "./build-release.ts";
import { driftProfile } from "./drift-profile.ts";

/** Windows that calibrate the int8 graph. */
const calibrationWindows = 512;

/** Share of each group's windows, the last in time, that is kept out of training. */
const heldOutShare = 0.2;

/** A line's first bundle, and how good it is. */
export type FirstRelease = {
  readonly bundle: BuiltBundle;
  readonly float: Figures;
  readonly int8: Figures;
  /** The int8 graph by each attribute that the problem names in `slices`, the worst first. */
  readonly slices: readonly SliceFigures[];
  readonly trainedWindows: number;
  readonly heldOutWindows: number;
};

/** What a first release is made from. */
export type FirstReleaseOptions = {
  readonly problem: Problem;
  readonly examples: Examples;
  readonly line: string;
  readonly version: number;
  /** SHA-256 of the problem file and of the data, and the code's version: where the bundle comes from. */
  readonly lineage: {
    readonly problem: Sha256;
    readonly data: readonly Sha256[];
    readonly code: string;
  };
};

/**
 * Trains, quantizes and evaluates a model, and builds the bundle of a line's first release.
 *
 * The last fifth of each group's windows is held out of training; both graphs are judged on it.
 *
 * @throws `OBJECTIVE_MISSED` when the int8 graph does not reach the problem's objective, `BUNDLE_TOO_LARGE`,
 * `TRAINING_INVALID`, `TRAINING_DIVERGED`
 */
export async function firstRelease(
  options: FirstReleaseOptions,
  ports: TrainPorts & { readonly blobs: BlobStore },
): Promise<FirstRelease> {
  const { problem, examples } = options;
  const { train, held } = holdOut(examples);
  const scaling = fitScaling(train, problem.sensor.channels);
  const start = modelGraph(problem, scaling, problem.training.seed);
  const float = await trainModel(start, train, problem, ports);
  const int8 = await quantizeModel(float, train, {
    open: ports.open,
    windowsMax: calibrationWindows,
  });
  const judged = await predict(int8, held, { problem, open: ports.open });
  const figures = {
    float: figuresOf(await predict(float, held, { problem, open: ports.open })),
    int8: figuresOf(judged),
    slices: sliceFigures(judged, problem.slices),
  };
  checkObjective(problem, figures.int8);
  const bundle = await buildRelease(
    {
      ...options,
      pipeline: pipelineOf(problem, scaling),
      parent: null,
      float,
      int8,
      metrics: {
        accuracyFloat: figures.float.accuracy,
        accuracyInt8: figures.int8.accuracy,
        macroF1Float: figures.float.macroF1,
        macroF1Int8: figures.int8.macroF1,
        windows: held.labels.length,
        ...sliceMetrics(figures.slices),
      },
      profile: driftProfile(problem, train),
      lineage: { ...options.lineage, seed: problem.training.seed, rounds: [] },
    },
    ports,
  );
  return {
    bundle,
    ...figures,
    trainedWindows: train.labels.length,
    heldOutWindows: held.labels.length,
  };
}

/** Splits each group in time: neighbouring windows overlap, so single ones cannot be held out. */
export function holdOut(examples: Examples): { readonly train: Examples; readonly held: Examples } {
  const groups = Map.groupBy(examples.labels.keys(), (row) => examples.groups[row] ?? "");
  const [train, held]: [number[], number[]] = [[], []];
  for (const rows of groups.values()) {
    const cut = Math.floor(rows.length * (1 - heldOutShare));
    train.push(...rows.slice(0, cut));
    held.push(...rows.slice(cut));
  }
  return { train: selectExamples(examples, train), held: selectExamples(examples, held) };
}

async function predict(
  graph: Graph,
  examples: Examples,
  how: { readonly problem: Problem; readonly open: (graph: Graph) => Promise<Session> },
): Promise<Predicted> {
  const session = await how.open(graph);
  try {
    return {
      classes: how.problem.classes,
      examples,
      predicted: await classify(session, examples),
    };
  } finally {
    await session.dispose();
  }
}

function checkObjective({ objective }: Problem, figures: Figures): void {
  const reached = objective.metric === "accuracy" ? figures.accuracy : figures.macroF1;
  if (reached >= objective.atLeast) return;
  throw new EdgeloopError(
    "OBJECTIVE_MISSED",
    `the int8 model reaches ${objective.metric} ${reached.toFixed(3)}, the problem asks for ${objective.atLeast}: more data, another model, or a lower objective`,
    { details: { ...objective, reached } },
  );
}
