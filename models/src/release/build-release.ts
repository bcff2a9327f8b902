import type { BuiltBundle, ManifestLineage } from "@edgeloop/core/bundle";
import { buildBundle, encodeGoldenExpected, encodeGoldenWindows } from "@edgeloop/core/bundle";
import type { Graph, TensorOf } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import type { BlobStore, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, parseName } from "@edgeloop/core/platform";
import type { Session } from "@edgeloop/core/runtime";
import type { Pipeline } from "@edgeloop/core/signal";
import { spread } from "../optimize/quantize-model.ts";
import type { Problem } from "../problem/problem.ts";
import type { Examples } from "../train/examples.ts";

/** Golden windows of a bundle: enough to see every class, few enough to try in a blink. */
const goldenWindows = 16;

/**
 * How far another machine's scores may lie from the laboratory's: float kernels differ in the last digits, int8 ones by
 * a step of an activation here and there, which a softmax can turn into a few hundredths.
 */
const goldenTolerance = { float: 1e-3, int8: 0.1 };

/** What becomes a bundle. */
export type ReleaseParts = {
  readonly problem: Problem;
  readonly pipeline: Pipeline;
  readonly line: string;
  readonly version: number;
  readonly parent: Sha256 | null;
  readonly float: Graph;
  readonly int8: Graph;
  /** Recorded windows, from which the golden ones are taken. */
  readonly examples: Examples;
  /** What the evaluation gave, by name. */
  readonly metrics: Readonly<Record<string, number>>;
  /** Reference profile of the inputs for drift. */
  readonly profile: Uint8Array;
  readonly lineage: ManifestLineage;
};

/**
 * Makes a trained model into a bundle: graphs, weights, golden windows with the outputs of both graphs, lineage.
 *
 * @throws `BUNDLE_TOO_LARGE`, `NAME_INVALID`, `MODEL_OUTPUT_INVALID`
 */
export async function buildRelease(
  parts: ReleaseParts,
  ports: { readonly blobs: BlobStore; readonly open: (graph: Graph) => Promise<Session> },
): Promise<BuiltBundle> {
  const { problem, examples } = parts;
  const chosen = spread(examples, goldenWindows);
  const count = chosen.labels.length;
  const golden = encodeGoldenWindows(
    f32(chosen.data, [count, examples.lengthSamples, examples.channels]),
  );
  const [float, int8] = [
    await scoresOf(parts.float, golden.windows, ports.open),
    await scoresOf(parts.int8, golden.windows, ports.open),
  ];
  return await buildBundle(
    {
      line: parseName(parts.line),
      version: parts.version,
      parent: parts.parent,
      float: parts.float,
      int8: parts.int8,
      classes: problem.classes,
      pipeline: {
        window: { rateHz: problem.sensor.rateHz, ...problem.window },
        channels: problem.sensor.channels,
        features: parts.pipeline,
      },
      golden: {
        windows: golden.bytes,
        expected: encodeGoldenExpected({ float, int8 }),
        count,
        tolerance: goldenTolerance,
      },
      metrics: parts.metrics,
      profile: parts.profile,
      constraints: {
        bundleBytesMax: problem.constraints.bundleBytesMax,
        latencyP99MsMax: problem.constraints.latencyMsP99Max,
      },
      lineage: parts.lineage,
    },
    ports.blobs,
  );
}

async function scoresOf(
  graph: Graph,
  window: TensorOf<"float32">,
  open: (graph: Graph) => Promise<Session>,
): Promise<TensorOf<"float32">> {
  const session = await open(graph);
  try {
    const { scores } = await session.run({ window }, ["scores"]);
    if (scores?.dtype === "float32") return scores;
    throw new EdgeloopError("MODEL_OUTPUT_INVALID", "expected an output scores in float32");
  } finally {
    await session.dispose();
  }
}
