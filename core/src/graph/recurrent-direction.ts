import { EdgeloopError } from "../platform/errors.ts";
import { floatOf, intOf } from "./attributes.ts";
import type { GraphBuilder } from "./builder.ts";
import { int, ints } from "./builder.ts";
import type { Node } from "./graph.ts";
import type { Cell, Emit, State } from "./recurrent-cells.ts";
import { cellOf } from "./recurrent-cells.ts";
import { f32, i64 } from "./tensor.ts";

/** What is known of a cell that runs over a sequence. */
export type RecurrentSizes = {
  readonly steps: number;
  readonly hidden: number;
  readonly isBatchFirst: boolean;
  /** Computed in float64. */
  readonly isDouble: boolean;
};

/** One direction of a node that is written out. */
export type DirectionParts = {
  readonly builder: GraphBuilder;
  readonly node: Node;
  readonly emit: Emit;
  readonly list: (...values: number[]) => string;
  /** The input, time first. */
  readonly sequence: string;
  readonly sizes: RecurrentSizes;
  /** Place of the direction in weights, biases and states. */
  readonly index: number;
  readonly isReverse: boolean;
};

/** What one direction gives: the output of each step, `[batch, hidden]`, and the last states. */
export type Direction = { readonly all: readonly string[]; readonly last: State };

/** Makes the error for what cannot be written out. */
export const unsupported = (node: Node, reason: string): EdgeloopError =>
  new EdgeloopError("RECURRENCE_UNSUPPORTED", `${node.op} (${node.name}): ${reason}`, {
    details: { node: node.name, op: node.op, reason },
  });

/**
 * Writes out the steps of one direction.
 *
 * A sequence that ends earlier than others keeps its state from its end on and gives 0; run backwards it keeps its
 * initial state until its end is reached, which is what reversing it within its length gives.
 *
 * @throws `RECURRENCE_UNSUPPORTED` for an activation that needs numbers of its own.
 */
export function runDirection(run: DirectionParts): Direction {
  const { builder, node, emit, list, sequence, isReverse } = run;
  const part = partOf(run);
  const [w = "", r = ""] = [part(1), part(2)];
  const turned = (value: string): string => emit("Transpose", [value], { perm: ints([1, 0]) });
  const projected = emit("MatMul", [sequence, turned(w)]);
  const { steps } = run.sizes;
  const pieces = builder.addMany(
    "Split",
    [projected, list(...new Array<number>(steps).fill(1))],
    steps,
    { attributes: { axis: int(0) }, name: `${node.name}/step` },
  );
  const cell = cellFor(run, { bias: part(3), recurrent: turned(r), peepholes: part(7) });
  const ends = endsOf(run);
  let state = initialState(run);
  const all = new Array<string>(steps).fill("");
  const order = isReverse ? [...all.keys()].reverse() : [...all.keys()];
  for (const at of order) {
    const next = cell(emit("Squeeze", [pieces[at] ?? "", list(0)]), state);
    const lives = ends?.(at);
    state = lives === undefined ? next : kept(emit, lives, next, state);
    all[at] = lives === undefined ? next.hidden : emit("Where", [lives, next.hidden, zero(run)]);
  }
  // A sequence of length 0 ends at 0 whatever it started from: onnxruntime's choice, where the specification has none.
  const none: State = {
    hidden: zero(run),
    ...(state.cell === undefined ? {} : { cell: zero(run) }),
  };
  const started = ends?.(0);
  return { all, last: started === undefined ? state : kept(emit, started, state, none) };
}

/** Cuts this direction out of an input; undefined when it is left out. */
const partOf =
  ({ builder, node, emit, index }: DirectionParts) =>
  (input: number, axis = 0): string | undefined => {
    const name = node.inputs[input] ?? "";
    if (name === "") return undefined;
    const direction = builder.constant(i64([index], []), "direction");
    return emit("Gather", [name, direction], { axis: int(axis) });
  };

/** Tells of each step which sequences have not ended yet, `[batch, 1]`; undefined where all are of full length. */
function endsOf({ builder, node, emit, list }: DirectionParts) {
  const lengths = node.inputs[4] ?? "";
  if (lengths === "") return undefined;
  const whole = emit("Cast", [lengths], { to: int(7) });
  const column = emit("Unsqueeze", [whole, list(1)]);
  return (at: number): string =>
    emit("Greater", [column, builder.constant(i64([at], []), `${node.name}/at`)]);
}

/** The states of the sequences that live on, and the former ones of those that have ended. */
const kept = (emit: Emit, lives: string, next: State, before: State): State => ({
  hidden: emit("Where", [lives, next.hidden, before.hidden]),
  ...(next.cell === undefined
    ? {}
    : { cell: emit("Where", [lives, next.cell, before.cell ?? ""]) }),
});

const numberOf = ({ builder, node, sizes }: DirectionParts, value: number): string =>
  builder.constant(
    sizes.isDouble
      ? { dtype: "float64", shape: [], data: Float64Array.of(value) }
      : f32([value], []),
    `${node.name}/number`,
  );

const zero = (run: DirectionParts): string => numberOf(run, 0);

/** Activations of one direction. */
const activationsOf: Readonly<Record<string, number>> = { RNN: 1, GRU: 2, LSTM: 3 };

type Weights = {
  readonly bias: string | undefined;
  readonly recurrent: string;
  readonly peepholes: string | undefined;
};

function cellFor(run: DirectionParts, { bias, recurrent, peepholes }: Weights): Cell {
  const { node, emit, list, sizes, index } = run;
  const found = node.attributes["activations"];
  const activations = found?.kind === "strings" ? found.value : [];
  const count = activationsOf[node.op] ?? 1;
  const clip = floatOf(node, "clip", 0);
  const cell = cellOf(node.op, {
    emit,
    list,
    number: (value) => numberOf(run, value),
    hidden: sizes.hidden,
    bias,
    recurrent,
    activations: activations.slice(index * count, (index + 1) * count),
    linearBeforeReset: intOf(node, "linear_before_reset", 0) !== 0,
    isCoupled: intOf(node, "input_forget", 0) !== 0,
    ...(clip === 0 ? {} : { clip }),
    ...(peepholes === undefined ? {} : { peepholes }),
  });
  if (cell !== undefined) return cell;
  throw unsupported(node, `activations ${activations.join(", ")} are not supported`);
}

function initialState(run: DirectionParts): State {
  const { node, emit, list, sequence, sizes } = run;
  const part = partOf(run);
  const zeros = (): string => {
    const batch = emit("Slice", [emit("Shape", [sequence]), list(1), list(2)]);
    const shape = emit("Concat", [batch, list(sizes.hidden)], { axis: int(0) });
    return emit("Expand", [zero(run), shape]);
  };
  const given = (input: number): string => part(input, sizes.isBatchFirst ? 1 : 0) ?? zeros();
  return node.op === "LSTM" ? { hidden: given(5), cell: given(6) } : { hidden: given(5) };
}
