import { EdgeloopError } from "../platform/errors.ts";
import { floatOf, intOf, textOf } from "./attributes.ts";
import type { Attributes, GraphBuilder } from "./builder.ts";
import { graphBuilder, int, ints } from "./builder.ts";
import type { Graph, Node } from "./graph.ts";
import { inferValues } from "./infer.ts";
import { gatesOf } from "./operators/recurrence.ts";
import type { Cell, Emit, State } from "./recurrent-cells.ts";
import { cellOf } from "./recurrent-cells.ts";
import { f32, i64 } from "./tensor.ts";

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
    const [steps, hidden] = [x?.[isBatchFirst ? 1 : 0], r?.[2]];
    if (typeof steps !== "number" || typeof hidden !== "number" || steps < 1) {
      throw unsupported(node, "the length of the sequence and the hidden size must be known");
    }
    if (steps > unrollStepsMax) {
      throw unsupported(node, `${steps} steps are more than ${unrollStepsMax}`);
    }
    writeOut(builder, node, { steps, hidden, isBatchFirst });
  }
  return builder.build();
}

const isRecurrent = ({ op, domain }: Node): boolean =>
  domain === undefined && Object.hasOwn(gatesOf, op);

const unsupported = (node: Node, reason: string): EdgeloopError =>
  new EdgeloopError("RECURRENCE_UNSUPPORTED", `${node.op} (${node.name}): ${reason}`, {
    details: { node: node.name, op: node.op, reason },
  });

type Sizes = { readonly steps: number; readonly hidden: number; readonly isBatchFirst: boolean };

/** What one direction gives: the state after each step, `[batch, hidden]`, and the last ones. */
type Direction = { readonly all: readonly string[]; readonly last: State };

function writeOut(builder: GraphBuilder, node: Node, sizes: Sizes): void {
  checkOptions(node);
  const emit: Emit = (op, inputs, attributes: Attributes = {}) =>
    builder.add(op, inputs, { attributes, name: `${node.name}/${op}` });
  const list = (...values: number[]): string => builder.constant(i64(values), `${node.name}/ints`);
  const direction = textOf(node, "direction", "forward");
  const names = direction === "bidirectional" ? ["forward", "reverse"] : [direction];
  const x = node.inputs[0] ?? "";
  const sequence = sizes.isBatchFirst ? emit("Transpose", [x], { perm: ints([1, 0, 2]) }) : x;
  const found = names.map((name, index) =>
    runDirection({
      builder,
      node,
      emit,
      list,
      sequence,
      sizes,
      index,
      isReverse: name === "reverse",
    }),
  );
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

function checkOptions(node: Node): void {
  if ((node.inputs[4] ?? "") !== "") {
    throw unsupported(node, "sequence lengths are not supported; pad and mask the loss");
  }
  if (floatOf(node, "clip", 0) !== 0) throw unsupported(node, "clip is not supported");
  if (intOf(node, "input_forget", 0) !== 0)
    throw unsupported(node, "input_forget is not supported");
  if ((node.inputs[7] ?? "") !== "") throw unsupported(node, "peepholes are not supported");
}

type Run = {
  readonly builder: GraphBuilder;
  readonly node: Node;
  readonly emit: Emit;
  readonly list: (...values: number[]) => string;
  readonly sequence: string;
  readonly sizes: Sizes;
  /** Place of the direction in weights, biases and states. */
  readonly index: number;
  readonly isReverse: boolean;
};

function runDirection(run: Run): Direction {
  const { builder, node, emit, list, sequence, sizes, index, isReverse } = run;
  const part = (input: number): string | undefined => {
    const name = node.inputs[input] ?? "";
    return name === ""
      ? undefined
      : emit("Gather", [name, scalarIndex(builder, index)], { axis: int(0) });
  };
  const [w = "", r = ""] = [part(1), part(2)];
  const turned = (value: string): string => emit("Transpose", [value], { perm: ints([1, 0]) });
  const projected = emit("MatMul", [sequence, turned(w)]);
  const { steps } = sizes;
  const pieces = builder.addMany(
    "Split",
    [projected, list(...new Array<number>(steps).fill(1))],
    steps,
    { attributes: { axis: int(0) }, name: `${node.name}/step` },
  );
  const cell = cellFor(run, { bias: part(3), recurrent: turned(r) });
  let state = initialState(run, part);
  const all = new Array<string>(steps).fill("");
  const order = isReverse ? [...all.keys()].reverse() : [...all.keys()];
  for (const at of order) {
    state = cell(emit("Squeeze", [pieces[at] ?? "", list(0)]), state);
    all[at] = state.hidden;
  }
  return { all, last: state };
}

const scalarIndex = (builder: GraphBuilder, index: number): string =>
  builder.constant(i64([index], []), "direction");

/** Activations of one direction. */
const activationsOf: Readonly<Record<string, number>> = { RNN: 1, GRU: 2, LSTM: 3 };

function cellFor(
  { node, emit, list, sizes, index }: Run,
  weights: { readonly bias: string | undefined; readonly recurrent: string },
): Cell {
  const found = node.attributes["activations"];
  const activations = found?.kind === "strings" ? found.value : [];
  const count = activationsOf[node.op] ?? 1;
  const cell = cellOf(node.op, {
    emit,
    list,
    hidden: sizes.hidden,
    ...weights,
    activations: activations.slice(index * count, (index + 1) * count),
    linearBeforeReset: intOf(node, "linear_before_reset", 0) !== 0,
  });
  if (cell !== undefined) return cell;
  throw unsupported(node, `activations ${activations.join(", ")} are not supported`);
}

function initialState(
  { builder, node, emit, list, sequence, sizes }: Run,
  part: (input: number) => string | undefined,
): State {
  const given = (input: number): string | undefined => {
    if (!sizes.isBatchFirst) return part(input);
    if ((node.inputs[input] ?? "") !== "") throw unsupported(node, "batch-first initial states");
    return undefined;
  };
  const zeros = (): string => {
    const batch = emit("Slice", [emit("Shape", [sequence]), list(1), list(2)]);
    const shape = emit("Concat", [batch, list(sizes.hidden)], { axis: int(0) });
    return emit("Expand", [builder.constant(f32([0], []), `${node.name}/zero`), shape]);
  };
  const hidden = given(5) ?? zeros();
  return node.op === "LSTM" ? { hidden, cell: given(6) ?? zeros() } : { hidden };
}
