import { gradientOf } from "@edgeloop/core/autodiff";
import type { Estimate, Graph, ValueInfo } from "@edgeloop/core/graph";
import { decodeOnnx, estimate, opsetOfOnnx } from "@edgeloop/core/graph";
import { hasCode, messageOf } from "@edgeloop/core/platform";
import { roleOf } from "@edgeloop/core/quantize";
import type { Context, Run } from "../command.ts";
import { readInput } from "../files.ts";
import { table } from "../table.ts";

/** What a model says of itself before anything runs. */
type Inspection = {
  readonly format: 1;
  readonly name: string;
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
};

/** How often an operator stands in a graph, and what can be made of it. */
type OperatorUse = {
  readonly operator: string;
  readonly nodes: number;
  /** Whether a gradient rule exists. */
  readonly differentiable: boolean;
  /** How many of its nodes have an int8 form where they stand. */
  readonly int8Nodes: number;
};

/**
 * Shows a model's inputs, outputs, size and operators.
 *
 * @throws `FILE_MISSING`, and what reading the file throws.
 */
export const run: Run = async (context, [path = ""]) => {
  const bytes = await readInput(path, "an .onnx file");
  const graph = decodeOnnx(bytes);
  const inspection: Inspection = {
    format: 1,
    name: graph.name,
    opset: opsetOfOnnx(bytes),
    inputs: graph.inputs,
    outputs: graph.outputs,
    ...costOf(graph),
    operators: operatorsOf(graph),
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

function operatorsOf(graph: Graph): readonly OperatorUse[] {
  const groups = Map.groupBy(graph.nodes, ({ op, domain }) => (domain ? `${domain}.${op}` : op));
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([operator, nodes]) => ({
      operator,
      nodes: nodes.length,
      differentiable: gradientOf(operator) !== undefined,
      int8Nodes: nodes.filter((node) => roleOf(node, graph).kind !== "float").length,
    }));
}

function show(context: Context, path: string, model: Inspection): void {
  const { say } = context;
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
    use.differentiable ? "yes" : "no",
    use.int8Nodes === 0 ? "no" : `${use.int8Nodes} of ${use.nodes}`,
  ]);
  for (const line of table([["operator", "nodes", "gradient", "int8"], ...rows])) say(`  ${line}`);
}

const valueText = ({ name, dtype, shape }: ValueInfo): string =>
  `${name}: ${dtype} ${shape ? `[${shape.join(", ")}]` : "of any shape"}`;
