import type { Graph } from "@edgeloop/core/graph";
import { encodeOnnx } from "@edgeloop/core/graph";
import { EdgeloopError } from "@edgeloop/core/platform";
import { writeFileAtomic } from "@edgeloop/core/platform/node";
import type { CalibrationData } from "@edgeloop/core/quantize";
import { equalize, floatWeights } from "@edgeloop/core/quantize";

import { openSession } from "@edgeloop/core/runtime/node";
import type { Context, Options, Run } from "../command.ts";
import { readBackend } from "../model/backend.ts";
import { exampleBatches } from "../model/example-batches.ts";
import { pickExamples, readExamples } from "../model/example-file.ts";
import { readModel, writeModel } from "../model/model-file.ts";
import type { Chosen } from "../model/quantize-choice.ts";
import { chooseFloat, measure } from "../model/quantize-choice.ts";
import { correctedMaker, makerOf } from "../model/quantize-maker.ts";
import type { QuantizeSettings } from "../model/quantize-options.ts";
import { excludedNodes, quantizeSettings } from "../model/quantize-options.ts";
import { decibels, reportJson, showReport } from "../model/quantize-report.ts";
import type { Losses, QuantizeTask } from "../model/quantize-task.ts";
import { lossesOf, once, resultsIn } from "../model/quantize-task.ts";
import { integerOption, textOption } from "../options.ts";

/** Examples that calibration and measuring use at most, unless told. */
const examplesMax = 512;

/**
 * Quantizes a model: int8 throughout with ranges from data, int8 with ranges of the moment, or its weights alone.
 *
 * @throws `FILE_MISSING`, `USAGE`, `DATA_INVALID`, `RANGE_INVALID`, `BUDGET_MISSED`, `QUANTIZATION_REPEATED`,
 * `QUANTIZATION_EMPTY`.
 */
export const run: Run = async (context, [model = ""], options) => {
  const settings = quantizeSettings(options);
  const output = textOption(options, "output");
  const read = floatModel(await readModel(model), model);
  const excluded = excludedNodes(read, settings.exclude);
  const equalized = settings.equalize ? equalize(read) : undefined;
  const task = await taskOf({ context, settings, graph: equalized?.graph ?? read }, options);
  const plain = await makerOf(task, excluded);
  const { make, corrected } = await correctedMaker(task, plain, excluded);
  const chosen = await chooseFloat(task, { make, alone: plain.make, excluded });
  const quantized = quantizedModel(make(chosen.exclude), model);
  const { report: reports } = settings;
  const report = reports
    ? await measure(task, { alone: plain.make, excluded, quantized })
    : undefined;
  const loss = task.examples ? await lossesOf(task, quantized) : undefined;
  await writeModel(output, quantized);
  const result = {
    ...{ format: 1, output, form: settings.form, examples: task.examples?.size ?? 0 },
    bytes: { before: encodeOnnx(read).length, after: encodeOnnx(quantized).length },
    ...{ leftInFloat: chosen.exclude, budget: chosen.budget, equalized: equalized?.pairs },
    ...{ corrected, loss, report },
  };
  const json = reportJson(result);
  if (typeof reports === "string") {
    await writeFileAtomic(reports, new TextEncoder().encode(`${JSON.stringify(json)}\n`));
  }
  if (report) showReport(context, report);
  show(context, result);
  return json;
};

/** Passes a float model on. @throws `QUANTIZATION_REPEATED` for one whose weights are integers already. */
function floatModel(graph: Graph, path: string): Graph {
  if (floatWeights(graph) === graph) return graph;
  throw new EdgeloopError(
    "QUANTIZATION_REPEATED",
    `${path} has integer weights already: quantize the float model that it was made of`,
  );
}

/** Passes a quantized model on. @throws `QUANTIZATION_EMPTY` when nothing became integers. */
function quantizedModel(graph: Graph, path: string): Graph {
  const integers = ["int8", "int4"];
  if ([...graph.initializers.values()].some(({ dtype }) => integers.includes(dtype))) return graph;
  throw new EdgeloopError(
    "QUANTIZATION_EMPTY",
    `no layer of ${path} became integers: it takes a convolution, product or recurrent cell with float32 weights that is not excluded`,
  );
}

/** Opens the data, where there are some. */
async function taskOf(
  task: Pick<QuantizeTask, "context" | "settings" | "graph">,
  options: Options,
): Promise<QuantizeTask> {
  const { context, settings, graph } = task;
  const backend = await readBackend(textOption(options, "backend"));
  const rowsMax = integerOption(options, "examples", { min: 1, max: 1e6, fallback: examplesMax });
  const found = await examplesOf(settings, { graph, rowsMax });
  const data: CalibrationData = {
    batches: found?.batches ?? [],
    open: async (opened) => await openSession(opened, { backend }),
    signal: context.signal,
  };
  const exact = once(() => resultsIn(data, graph));
  return { ...task, data, exact, ...(found ? { examples: found.examples } : {}) };
}

async function examplesOf(
  { calibration }: QuantizeSettings,
  { graph, rowsMax }: { readonly graph: Graph; readonly rowsMax: number },
) {
  if (calibration === undefined) return undefined;
  const examples = await readExamples(calibration, graph, [], ["target"]);
  const { batches, rows } = exampleBatches(graph, examples, rowsMax);
  return { batches, examples: pickExamples(examples, rows) };
}

function show(
  { say }: Context,
  result: {
    readonly output: string;
    readonly bytes: { readonly before: number; readonly after: number };
    readonly loss: Losses | undefined;
    readonly leftInFloat: Chosen["exclude"];
  },
): void {
  const { output, bytes, loss, leftInFloat } = result;
  if (leftInFloat.length > 0) say(`left in float: ${leftInFloat.join(", ")}`);
  if (loss?.accuracy) {
    const [before, after] = [loss.accuracy.before, loss.accuracy.after].map(percent);
    say(`accuracy ${before} before, ${after} after`);
  }
  if (loss) {
    const noise = decibels(-20 * Math.log10(loss.relativeError));
    say(`results: signal to noise ${noise}, the same place largest in ${percent(loss.agreement)}`);
  }
  const share = percent(bytes.after / bytes.before);
  say(`wrote ${output}: ${bytes.after} bytes, ${share} of ${bytes.before}`);
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
