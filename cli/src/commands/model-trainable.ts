import { unrolledStepsMax, unrollSteps } from "@edgeloop/core/autodiff";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Run } from "../command.ts";
import { budgetLines, budgetReport, fittedStep } from "../model/budget.ts";
import { readExamples } from "../model/example-file.ts";
import { learnableOf } from "../model/learnable.ts";
import { readModel, writeModel } from "../model/model-file.ts";
import { recipeOf, targetsOf } from "../model/recipe.ts";
import { writeTensors } from "../model/tensor-file.ts";
import { integerOption, optionalText, textOption } from "../options.ts";

/**
 * Writes one training step of a model as a graph, and beside it the tensors that it starts from.
 *
 * @throws `FILE_MISSING`, `USAGE`, `TRAINABLE_NONE` when nothing is left to train, and what `trainingStep` and reading
 * the file throw.
 */
export const run: Run = async ({ say }, [model = ""], options) => {
  const output = textOption(options, "output");
  if (!output.endsWith(".onnx")) {
    throw new EdgeloopError("USAGE", `--output must end with .onnx, not "${output}"`);
  }
  const { graph, trainable } = learnableOf(await readModel(model), options);
  const recipe = recipeOf(options);
  const count = integerOption(options, "unroll", { min: 1, max: unrolledStepsMax, fallback: 1 });
  const data = optionalText(options, "data");
  const batch = integerOption(options, "batch", { min: 1, max: 1e6, fallback: 32 });
  const examples =
    data === undefined ? undefined : await readExamples(data, graph, targetsOf(recipe.loss));
  const fitted = await fittedStep(graph, { ...recipe, trainable }, options, {
    ...{ batch, examples, backend: "wasm" },
  });
  const single = fitted.step;
  const step = count === 1 ? single : unrollSteps(single, count);
  const { parameters } = single;
  const statistics = [...single.initial.keys()].filter(
    (name) => graph.initializers.has(name) && !parameters.includes(name),
  );
  if (parameters.length === 0) {
    throw new EdgeloopError(
      "TRAINABLE_NONE",
      `nothing is left to train of ${[...graph.initializers.keys()].join(", ")}; look at --train and --freeze`,
    );
  }
  const start = output.replace(/\.onnx$/, ".safetensors");
  await writeTensors(start, step.initial);
  await writeModel(output, step.graph);
  const inputs = step.graph.inputs.map(({ name }) => name);
  const carried = step.carry.map(([, name]) => name);
  say(`loss       ${recipe.loss.kind}, by ${recipe.optimizer.kind}`);
  say(`trains     ${parameters.join(", ")}`);
  if (statistics.length > 0) say(`follows    ${statistics.join(", ")}`);
  say(`inputs     ${inputs.filter((name) => !carried.includes(name)).join(", ")}`);
  say(`carried    ${carried.length} tensors; <name>.next comes out of each step`);
  for (const line of budgetLines(fitted)) say(line);
  say(`wrote ${output} (${step.graph.nodes.length} nodes) and ${start}`);
  return {
    format: 1,
    output,
    start,
    parameters,
    statistics,
    inputs,
    outputs: step.graph.outputs.map(({ name }) => name),
    nodes: step.graph.nodes.length,
    ...budgetReport(fitted),
  };
};
