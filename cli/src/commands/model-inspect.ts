import type { Estimate, Graph, ValueInfo } from "@edgeloop/core/graph";
import { estimate, opsetInternal, opsetOfOnnx } from "@edgeloop/core/graph";
import { hasCode, messageOf } from "@edgeloop/core/platform";
import type { Context, Run } from "../command.ts";
import { readInput } from "../files.ts";
import { readModel } from "../model/model-file.ts";
import type { OperatorUse, Refusal } from "../model/operator-use.ts";
import { operatorUses } from "../model/operator-use.ts";
import { table } from "../table.ts";

/** What a model says of itself before anything runs. */
type Inspection = {
  readonly format: 1;
  readonly name: string;
  /** The operator set of the file; of a .tflite file the one that it is turned into. */
  readonly opset: number;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  /** Named dimensions count as 1 in what follows. */
  readonly parameters: number;
  readonly weightBytes: number;
  /** Absent where an operator's shapes are not known; `notEstimated` says which. */
  readonly macs?: number;
  readonly activationBytesPeak?: number;
  readonly notEstimated?: string;
  readonly operators: readonly OperatorUse[];
  /** Operators that edgeloop has no rule for. */
  readonly unknown: readonly string[];
  /** Nodes that a gradient cannot pass, and why. */
  readonly notDifferentiable: readonly Refusal[];
  /** Nodes that stay in float when the model is quantized, and why. */
  readonly notQuantizable: readonly Refusal[];
};

/**
 * Shows a model's inputs, outputs, size and operators, and which of them can be differentiated and quantized.
 *
 * @throws `FILE_MISSING`, and what reading the file throws.
 */
export const run: Run = async (context, [path = ""]) => {
  const graph = await readModel(path);
  const inspection: Inspection = {
    format: 1,
    name: graph.name,
    opset: path.endsWith(".tflite") ? opsetInternal : opsetOfOnnx(await readInput(path, "a model")),
    inputs: graph.inputs,
    outputs: graph.outputs,
    ...costOf(graph),
    ...operatorUses(graph),
  };
  show(context, path, inspection);
  return inspection;
};

type Cost = Partial<Estimate> & Pick<Estimate, "parameters" | "weightBytes">;

/** Weights are counted whatever the operators are. */
function costOf(graph: Graph): Cost & { readonly notEstimated?: string } {
  try {
    return estimate(graph);
  } catch (error) {
    if (!hasCode(error, "OPERATOR_UNKNOWN")) throw error;
    const { parameters, weightBytes } = estimate({ ...graph, nodes: [], outputs: [] });
    return { parameters, weightBytes, notEstimated: messageOf(error) };
  }
}

function show({ say }: Context, path: string, model: Inspection): void {
  say(`${path}: ${model.name || "a graph without a name"}, opset ${model.opset}`);
  for (const input of model.inputs) say(`  input   ${valueText(input)}`);
  for (const output of model.outputs) say(`  output  ${valueText(output)}`);
  say("");
  const figures = table([
    ["parameters", model.parameters],
    ["bytes of weights", model.weightBytes],
    ["multiply-accumulates a run", model.macs ?? "unknown"],
    ["bytes of activations at most", model.activationBytesPeak ?? "unknown"],
  ]);
  for (const line of figures) say(`  ${line}`);
  if (model.notEstimated) say(`  not estimated: ${model.notEstimated}`);
  say("");
  const rows = model.operators.map((use) => [
    use.operator,
    use.nodes,
    shareText(use.gradientNodes, use.nodes),
    shareText(use.int8Nodes, use.nodes),
  ]);
  for (const line of table([["operator", "nodes", "gradient", "int8"], ...rows])) say(`  ${line}`);
  if (model.unknown.length > 0) say(`  unknown: ${model.unknown.join(", ")}`);
  sayRefusals(say, "no gradient passes", model.notDifferentiable);
  sayRefusals(say, "float when quantized", model.notQuantizable);
}

const shareText = (count: number, nodes: number): string => {
  if (count === nodes) return "yes";
  return count === 0 ? "no" : `${count} of ${nodes}`;
};

/** Nodes of one operator that are refused for one reason are one line. */
function sayRefusals(say: Context["say"], title: string, refusals: readonly Refusal[]): void {
  if (refusals.length === 0) return;
  say("");
  say(`  ${title}:`);
  const groups = Map.groupBy(refusals, ({ operator, reason }) => `${operator}: ${reason}`);
  for (const [what, [first, ...others]] of groups) {
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    say(`    ${what} (${first?.node}${more})`);
  }
}

const valueText = ({ name, dtype, shape }: ValueInfo): string =>
  `${name}: ${dtype} ${shape ? `[${shape.join(", ")}]` : "of any shape"}`;
