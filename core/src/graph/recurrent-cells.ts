import type { Attributes } from "./builder.ts";

/** Adds a node and returns its output. */
export type Emit = (op: string, inputs: readonly string[], attributes?: Attributes) => string;

/** What a cell keeps from step to step, each `[batch, hidden]`; only LSTM has a cell. */
export type State = { readonly hidden: string; readonly cell?: string };

/** One step: the projected input `[batch, gates * hidden]` and the state before give the state after. */
export type Cell = (projected: string, before: State) => State;

/** What a cell is made of. */
export type CellParts = {
  readonly emit: Emit;
  readonly list: (...values: number[]) => string;
  /** A constant of rank 0 of the type that the cell computes in. */
  readonly number: (value: number) => string;
  readonly hidden: number;
  /** Biases of input and recurrence one after the other, `[2 * gates * hidden]`. */
  readonly bias: string | undefined;
  /** Recurrent weights, `[hidden, gates * hidden]`. */
  readonly recurrent: string;
  /** Names of this direction's activations; the operator's own where the list is short. */
  readonly activations: readonly string[];
  readonly linearBeforeReset: boolean;
  /** Bounds what goes into an activation of a gate. */
  readonly clip?: number;
  /** What the cell's own state adds to the gates i, o, f, `[3 * hidden]`. */
  readonly peepholes?: string;
  /** The forget gate is 1 less the input gate. */
  readonly isCoupled?: boolean;
};

/** Activations that need no numbers of their own. */
const plain: ReadonlySet<string> = new Set(["Sigmoid", "Tanh", "Relu", "Softsign", "Softplus"]);

/** Cuts a value along its last axis into parts of the hidden size. */
const parts = (
  { emit, list, hidden }: CellParts,
  value: string,
  from: number,
  to: number,
): string => emit("Slice", [value, list(from * hidden), list(to * hidden), list(-1)]);

/** Input and recurrent biases, each `[gates * hidden]`; none where the operator has none. */
function biases(p: CellParts, gates: number): readonly [string, string] | undefined {
  if (p.bias === undefined) return undefined;
  return [parts(p, p.bias, 0, gates), parts(p, p.bias, gates, 2 * gates)];
}

const plus = ({ emit }: CellParts, value: string, bias: string | undefined): string =>
  bias === undefined ? value : emit("Add", [value, bias]);

/** Applies an activation to what is clipped first. */
function activated({ emit, number, clip }: CellParts, activation: string, value: string): string {
  if (clip === undefined) return emit(activation, [value]);
  return emit(activation, [emit("Clip", [value, number(-clip), number(clip)])]);
}

const rnn = (p: CellParts): Cell => {
  const bias = biases(p, 1);
  const sum = bias && p.emit("Add", [...bias]);
  return (projected, { hidden }) => {
    const moved = p.emit("Add", [projected, p.emit("MatMul", [hidden, p.recurrent])]);
    return { hidden: activated(p, p.activations[0] ?? "Tanh", plus(p, moved, sum)) };
  };
};

/** Gates z, r, h. @see Cho et al. 2014, arXiv:1406.1078; the operator's formulas. */
const gru = (p: CellParts): Cell => {
  const { emit } = p;
  const [gate = "Sigmoid", candidate = "Tanh"] = p.activations;
  const bias = biases(p, 3);
  const sum = bias && emit("Add", [...bias]);
  const gateBias = sum && parts(p, sum, 0, 2);
  const own = bias?.map((each) => parts(p, each, 2, 3));
  const gateWeights = parts(p, p.recurrent, 0, 2);
  const ownWeights = parts(p, p.recurrent, 2, 3);
  return (projected, { hidden }) => {
    const gates = emit("Add", [parts(p, projected, 0, 2), emit("MatMul", [hidden, gateWeights])]);
    const open = activated(p, gate, plus(p, gates, gateBias));
    const [update, reset] = [parts(p, open, 0, 1), parts(p, open, 1, 2)];
    const input = plus(p, parts(p, projected, 2, 3), own?.[0]);
    const recalled = p.linearBeforeReset
      ? emit("Mul", [reset, plus(p, emit("MatMul", [hidden, ownWeights]), own?.[1])])
      : plus(p, emit("MatMul", [emit("Mul", [reset, hidden]), ownWeights]), own?.[1]);
    const fresh = activated(p, candidate, emit("Add", [input, recalled]));
    // (1 - z) h' + z h, with one product less.
    const change = emit("Mul", [update, emit("Sub", [hidden, fresh])]);
    return { hidden: emit("Add", [fresh, change]) };
  };
};

/** What the operators' formulas call i, f, c, o: of one step, each after its activation. */
type Gates = {
  readonly take: string;
  readonly keep: string;
  readonly fresh: string;
  /** Opens the output, once the new state is known. */
  readonly show: (next: string) => string;
};

/** Three gates in one activation. */
function openTogether(p: CellParts, all: string): Gates {
  const [gate = "Sigmoid", candidate = "Tanh"] = p.activations;
  const open = activated(p, gate, parts(p, all, 0, 3));
  return {
    take: parts(p, open, 0, 1),
    keep: parts(p, open, 2, 3),
    fresh: activated(p, candidate, parts(p, all, 3, 4)),
    show: () => parts(p, open, 1, 2),
  };
}

/** Gates that see the state, or of which one follows another, open one after the other. */
function openApart(p: CellParts, all: string, cell: string): Gates {
  const { emit, peepholes } = p;
  const [gate = "Sigmoid", candidate = "Tanh"] = p.activations;
  const open = (at: number, state: string): string => {
    const own = parts(p, all, at, at + 1);
    if (peepholes === undefined) return activated(p, gate, own);
    const seen = emit("Mul", [parts(p, peepholes, at, at + 1), state]);
    return activated(p, gate, emit("Add", [own, seen]));
  };
  const take = open(0, cell);
  return {
    take,
    keep: p.isCoupled === true ? emit("Sub", [p.number(1), take]) : open(2, cell),
    fresh: activated(p, candidate, parts(p, all, 3, 4)),
    show: (next) => open(1, next),
  };
}

/** Gates i, o, f, c. @see Hochreiter, Schmidhuber 1997, doi:10.1162/neco.1997.9.8.1735; the operator's formulas. */
const lstm = (p: CellParts): Cell => {
  const { emit } = p;
  const bias = biases(p, 4);
  const sum = bias && emit("Add", [...bias]);
  const isTogether = p.peepholes === undefined && p.isCoupled !== true;
  return (projected, { hidden, cell = "" }) => {
    const moved = emit("Add", [projected, emit("MatMul", [hidden, p.recurrent])]);
    const all = plus(p, moved, sum);
    const { take, keep, fresh, show } = isTogether ? openTogether(p, all) : openApart(p, all, cell);
    const next = emit("Add", [emit("Mul", [keep, cell]), emit("Mul", [take, fresh])]);
    const output = emit(p.activations[2] ?? "Tanh", [next]);
    return { hidden: emit("Mul", [show(next), output]), cell: next };
  };
};

const cells: Readonly<Record<string, (parts: CellParts) => Cell>> = {
  RNN: rnn,
  GRU: gru,
  LSTM: lstm,
};

/** Builds the step of an operator; undefined where an activation is not supported. */
export const cellOf = (op: string, given: CellParts): Cell | undefined =>
  given.activations.every((name) => plain.has(name)) ? cells[op]?.(given) : undefined;
