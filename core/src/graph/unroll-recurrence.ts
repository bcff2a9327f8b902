import { intOf, textOf } from "./attributes.ts";
import type { Attributes, GraphBuilder } from "./builder.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { inferValues } from "./infer.ts";
import { gatesOf } from "./operators/recurrence.ts";
import type { Emit, State } from "./recurrent-cells.ts";
import type { DirectionParts, RecurrentSizes } from "./recurrent-direction.ts";
import { runDirection, unsupported } from "./recurrent-direction.ts";
import { i64 } from "./tensor.ts";

/** Longest sequence that is written out: each step adds about twenty nodes. */
export const unrollStepsMax = 1024;

/**
 * Writes RNN, GRU and LSTM nodes out as plain operators, a step at a time; everything else stays as it is.
 *
 * Runtimes compute the whole sequence in one kernel that has no gradient; written out, each step is differentiated by
 * the rules of its operators. The projections of the inputs stay one matrix product for all steps.
 *
 * @throws `RECURRENCE_UNSUPPORTED` naming the node, when the length is not known, is above `unrollStepsMax`, or an
 *   option is not supported.
 */
export function unrollRecurrence(graph: Graph): Graph {
  if (!graph.nodes.some(isRecurrent)) return graph;
  const values = inferValues(graph);
  const builder = graphBuilder({ ...graph, nodes: [] });
  for (const node of graph.nodes) {
    if (!isRecurrent(node)) {
      builder.push(node);
      continue;
    }
    const [x, r] = [0, 2].map((index) => values.get(node.inputs[index] ?? "")?.shape);
    const isBatchFirst = intOf(node, "layout", 0) === 1;
    const dtype = values.get(node.inputs[0] ?? "")?.dtype;
    const [steps, hidden] = [x?.[isBatchFirst ? 1 : 0], r?.[2]];
    if (typeof steps !== "number" || typeof hidden !== "number" || steps < 1) {
      throw unsupported(node, "the length of the sequence and the hidden size must be known");
    }
    if (steps > unrollStepsMax) {
      throw unsupported(node, `${steps} steps are more than ${unrollStepsMax}`);
    }
    writeOut(builder, node, { steps, hidden, isBatchFirst, isDouble: dtype === "float64" });
  }
  return builder.build();
}

const isRecurrent = ({ op, domain }: Node): boolean =>
  domain === undefined && Object.hasOwn(gatesOf, op);

function writeOut(builder: GraphBuilder, node: Node, sizes: RecurrentSizes): void {
  const emit: Emit = (op, inputs, attributes: Attributes = {}) =>
    builder.add(op, inputs, { attributes, name: `${node.name}/${op}` });
  const list = (...values: number[]): string => builder.constant(i64(values), `${node.name}/ints`);
  const direction = textOf(node, "direction", "forward");
  const names = direction === "bidirectional" ? ["forward", "reverse"] : [direction];
  const x = node.inputs[0] ?? "";
  const sequence = sizes.isBatchFirst ? emit("Transpose", [x], { perm: ints([1, 0, 2]) }) : x;
  const found = names.map((name, index) => {
    const isReverse = name === "reverse";
    const parts: DirectionParts = { builder, node, emit, list, sequence, sizes, index, isReverse };
    return runDirection(parts);
  });
  // [direction][step] of [batch, hidden] becomes [time, directions, batch, hidden], or batch first.
  const axes = sizes.isBatchFirst ? list(1, 2) : list(0, 1);
  const perDirection = found.map(({ all }) =>
    emit(
      "Concat",
      all.map((each) => emit("Unsqueeze", [each, axes])),
      {
        axis: int(sizes.isBatchFirst ? 1 : 0),
      },
    ),
  );
  const stateAxis = sizes.isBatchFirst ? 1 : 0;
  const stacked = (pick: (state: State) => string): string =>
    joined(
      emit,
      found.map(({ last }) => emit("Unsqueeze", [pick(last), list(stateAxis)])),
      stateAxis,
    );
  const results = [
    () => joined(emit, perDirection, sizes.isBatchFirst ? 2 : 1),
    () => stacked(({ hidden }) => hidden),
    () => stacked(({ cell }) => cell ?? ""),
  ];
  for (const [index, name] of node.outputs.entries()) {
    const result = results[index];
    if (name !== "" && result) builder.add("Identity", [result()], { outputs: [name] });
  }
}

const joined = (emit: Emit, parts: readonly string[], axis: number): string =>
  parts.length === 1 ? (parts[0] ?? "") : emit("Concat", parts, { axis: int(axis) });
