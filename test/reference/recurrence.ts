import type { Call, Operators } from "./operator.ts";
import { input, number, string } from "./operator.ts";
import type { Value } from "./value.ts";
import { transpose, value } from "./value.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

type States = { readonly hidden: readonly number[]; readonly cell: readonly number[] };

/** What a step is given beside the state before. */
type Gates = {
  /** A gate's input with its bias. */
  readonly x: (gate: number, unit: number) => number;
  /** A gate's recurrence with its bias. */
  readonly h: (gate: number, unit: number, state?: readonly number[]) => number;
  /** The peephole of gate i, o or f; 0 where there is none. */
  readonly peephole: (gate: number, unit: number) => number;
  /** Bounds what goes into an activation. */
  readonly clip: (sum: number) => number;
  readonly isCoupled: boolean;
};

/** One example's step: the formulas of the operators. */
type Step = (gates: Gates, before: States) => { hidden: number[]; cell: number[] };

const each = (units: number, apply: (unit: number) => number): number[] =>
  Array.from({ length: units }, (_, unit) => apply(unit));

const rnn: Step = ({ x, h, clip }, { hidden, cell }) => ({
  hidden: each(hidden.length, (u) => Math.tanh(clip(x(0, u) + h(0, u)))),
  cell: [...cell],
});

const gru =
  (isLinearFirst: boolean): Step =>
  ({ x, h, clip }, { hidden, cell }) => {
    const units = hidden.length;
    const z = each(units, (u) => sigmoid(clip(x(0, u) + h(0, u))));
    const r = each(units, (u) => sigmoid(clip(x(1, u) + h(1, u))));
    const reset = hidden.map((e, u) => r[u]! * e);
    const fresh = each(units, (u) =>
      Math.tanh(clip(x(2, u) + (isLinearFirst ? r[u]! * h(2, u) : h(2, u, reset)))),
    );
    return { hidden: hidden.map((e, u) => (1 - z[u]!) * fresh[u]! + z[u]! * e), cell: [...cell] };
  };

const lstm: Step = ({ x, h, peephole, clip, isCoupled }, { hidden, cell }) => {
  const gate = (at: number, u: number, state: readonly number[]): number =>
    sigmoid(clip(x(at, u) + h(at, u) + peephole(at, u) * state[u]!));
  const next = cell.map((e, u) => {
    const take = gate(0, u, cell);
    const keep = isCoupled ? 1 - take : gate(2, u, cell);
    return keep * e + take * Math.tanh(clip(x(3, u) + h(3, u)));
  });
  return { hidden: hidden.map((_, u) => gate(1, u, next) * Math.tanh(next[u]!)), cell: next };
};

/** What is known of a call before it runs: batch in the second place. */
type Layout = {
  readonly x: Value;
  readonly states: readonly Float64Array[];
  readonly isBatchFirst: boolean;
  readonly directions: number;
  readonly units: number;
};

function layoutOf(call: Call): Layout {
  const isBatchFirst = number(call, "layout", 0) === 1;
  const timeFirst = (given: Value): Value => (isBatchFirst ? transpose(given, [1, 0, 2]) : given);
  const x = timeFirst(input(call, 0));
  const [directions, units] = [input(call, 1).shape[0]!, input(call, 2).shape[2]!];
  const states = [5, 6].map((at) => {
    const given = call.inputs[at];
    return given ? timeFirst(given).data : new Float64Array(directions * x.shape[1]! * units);
  });
  return { x, states, isBatchFirst, directions, units };
}

const dotRow = (m: Float64Array, row: number, v: ArrayLike<number>): number =>
  Array.from(v).reduce((sum, e, i) => sum + e * m[row * v.length + i]!, 0);

/** Gates of one example of one direction, of an input row and a state. */
function gatesOf(call: Call, gates: number, { units, directions }: Layout) {
  const rows = gates * units;
  const bias = call.inputs[3]?.data ?? new Float64Array(directions * 2 * rows);
  const limit = number(call, "clip", 0) || Number.POSITIVE_INFINITY;
  const [w, r] = [input(call, 1).data, input(call, 2).data];
  return (d: number, line: Float64Array, hidden: readonly number[]): Gates => ({
    x: (gate, unit) => {
      const row = gate * units + unit;
      return dotRow(w, d * rows + row, line) + bias[d * 2 * rows + row]!;
    },
    h: (gate, unit, other) => {
      const row = gate * units + unit;
      return dotRow(r, d * rows + row, other ?? hidden) + bias[d * 2 * rows + rows + row]!;
    },
    peephole: (gate, unit) => call.inputs[7]?.data[(d * 3 + gate) * units + unit] ?? 0,
    clip: (sum) => Math.min(Math.max(sum, -limit), limit),
    isCoupled: number(call, "input_forget", 0) === 1,
  });
}

/** Runs a step over time for every example and direction. */
function over(call: Call, step: Step, gates: number): Value[] {
  const layout = layoutOf(call);
  const { x, states, isBatchFirst, directions, units } = layout;
  const [time, batch, width] = x.shape as [number, number, number];
  const gatesAt = gatesOf(call, gates, layout);
  const all = value(x.dtype, [time, directions, batch, units]);
  const last = [0, 1].map(() => value(x.dtype, [directions, batch, units]));
  for (let d = 0; d < directions; d += 1) {
    const isReverse = d === 1 || string(call, "direction", "forward") === "reverse";
    for (let b = 0; b < batch; b += 1) {
      const start = (d * batch + b) * units;
      const [hidden, cell] = states.map((data) => [...data.subarray(start, start + units)]);
      let state = { hidden: hidden!, cell: cell! };
      const length = call.inputs[4]?.data[b] ?? time;
      for (let t = 0; t < length; t += 1) {
        const at = isReverse ? length - 1 - t : t;
        const line = x.data.subarray((at * batch + b) * width, (at * batch + b + 1) * width);
        state = step(gatesAt(d, line, state.hidden), state);
        all.data.set(state.hidden, ((at * directions + d) * batch + b) * units);
      }
      last[0]!.data.set(state.hidden, start);
      last[1]!.data.set(state.cell, start);
    }
  }
  if (!isBatchFirst) return [all, ...last];
  return [transpose(all, [2, 0, 1, 3]), ...last.map((each_) => transpose(each_, [1, 0, 2]))];
}

export const recurrence: Operators = {
  RNN: (call) => over(call, rnn, 1),
  GRU: (call) => over(call, gru(number(call, "linear_before_reset", 0) === 1), 3),
  LSTM: (call) => over(call, lstm, 4),
};
