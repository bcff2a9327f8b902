import type { Graph } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import {
  calibrate,
  fakeQuantize,
  floatEnds,
  floatWeights,
  integerWeights,
} from "@edgeloop/core/quantize";
import type { Backend } from "@edgeloop/core/runtime";
import { openSession } from "@edgeloop/core/runtime/node";
import type { Context, Options } from "../command.ts";
import { optionalText } from "../options.ts";
import { exampleBatches } from "./example-batches.ts";
import { readExamples } from "./example-file.ts";
import { excludedNodes } from "./quantize-options.ts";

/** Examples that ranges are taken from at most. */
const examplesMax = 512;

/** A model whose weights are floats that the graph rounds, and the way back. */
export type RoundedModel = {
  readonly graph: Graph;
  /** Makes the trained graph's weights integers, where they were or shall be. */
  readonly finish: (graph: Graph) => Graph;
};

/**
 * Prepares a model for training that takes rounding into account: an int8 one gets float weights behind its own scales,
 * a float one ranges from data with `--quantize-aware`. Any other comes back as it is. Integer inputs and results become
 * floats, which losses and data are made of.
 *
 * Ranges come from `--calibration`, or else from the examples of `--data`.
 *
 * @throws `USAGE`, `FILE_MISSING`, `DATA_INVALID`, `RANGE_INVALID`.
 */
export async function roundedModel(
  model: Graph,
  options: Options,
  { context, backend }: { readonly context: Context; readonly backend: Backend },
): Promise<RoundedModel> {
  const aware = options["quantizeAware"] === true;
  const calibration = optionalText(options, "calibration");
  if (calibration !== undefined && !aware) throw usage("--calibration goes with --quantize-aware");
  // Adapters learn beside integers, which stay as they are.
  if (optionalText(options, "adapter") !== undefined) {
    if (aware) throw usage("--quantize-aware trains the weights themselves, --adapter leaves them");
    return { graph: model, finish: (graph) => graph };
  }
  if (!aware) {
    const opened = floatWeights(floatEnds(model));
    return { graph: opened, finish: opened === model ? (graph) => graph : integerWeights };
  }
  const examples = await readExamples(calibration ?? optionalText(options, "data") ?? "", model);
  const { batches } = exampleBatches(model, examples, examplesMax);
  const exclude = excludedNodes(model, optionalText(options, "exclude"));
  let done = 0;
  const ranges = await calibrate(
    model,
    {
      batches,
      open: async (graph) => await openSession(graph, { backend }),
      signal: context.signal,
      onRun: () => {
        done += 1;
        context.progress(`calibrating, batch: ${done} of ${batches.length}`);
      },
    },
    { exclude },
  );
  return { graph: fakeQuantize(model, ranges, { exclude }), finish: integerWeights };
}

const usage = (message: string): EdgeloopError => new EdgeloopError("USAGE", message);
