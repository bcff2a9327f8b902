import { differentiableNames, differentiate } from "@edgeloop/core/autodiff";
import type { Graph } from "@edgeloop/core/graph";
import type { Run } from "../command.ts";
import { readModel, writeModel } from "../model/model-file.ts";
import { optionalText, textOption } from "../options.ts";

/**
 * Writes a model with its gradients: an input `y.grad` for each float output, an output `x.grad` for each of `--wrt`
 * (all float inputs and float initialisers when absent, but those that say how an operator works: they have none).
 *
 * @throws `FILE_MISSING`, `VALUE_UNKNOWN`, `GRADIENT_UNSUPPORTED` naming the node and the reason, and what reading the
 * file throws.
 */
export const run: Run = async ({ say }, [model = ""], options) => {
  const output = textOption(options, "output");
  const graph = await readModel(model);
  const wrt = namesOf(graph, optionalText(options, "wrt"));
  const gradients = differentiate(graph, wrt);
  await writeModel(output, gradients);
  const inputs = gradients.inputs.slice(graph.inputs.length).map(({ name }) => name);
  const outputs = gradients.outputs.slice(graph.outputs.length).map(({ name }) => name);
  say(`inputs   ${inputs.join(", ")}`);
  say(`outputs  ${outputs.join(", ")}`);
  say(`wrote ${output} (${graph.nodes.length} nodes became ${gradients.nodes.length})`);
  return { format: 1, output, nodes: gradients.nodes.length, inputs, outputs };
};

const namesOf = (graph: Graph, wrt: string | undefined): readonly string[] =>
  wrt === undefined ? differentiableNames(graph) : wrt.split(",").map((name) => name.trim());
