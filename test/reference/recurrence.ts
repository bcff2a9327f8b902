import type { Call, Operators } from "./operator.ts";
import { input, number, string } from "./operator.ts";
import type { Value } from "./value.ts";
import { transpose, value } from "./value.ts";

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** One example's step: gates of the input with its bias, of the recurrence with its own; the formulas of the operators. */
type Step = (
  fromInput: (gate: number, unit: number) => number,
  fromState: (gate: number, unit: number, state?: readonly number[]) => number,
  before: { readonly hidden: readonly number[]; readonly cell: readonly number[] },
) => { hidden: number[]; cell: number[] };

const each = (units: number, apply: (unit: number) => number): number[] =>
  Array.from({ length: units }, (_, unit) => apply(unit));

const rnn: Step = (x, h, { hidden, cell }) => ({
  hidden: each(hidden.length, (u) => Math.tanh(x(0, u) + h(0, u))),
  cell: [...cell],
});

const gru =
  (isLinearFirst: boolean): Step =>
  (x, h, { hidden, cell }) => {
    const units = hidden.length;
    const z = each(units, (u) => sigmoid(x(0, u) + h(0, u)));
    const r = each(units, (u) => sigmoid(x(1, u) + h(1, u)));
    const reset = hidden.map((e, u) => r[u]! * e);
    const fresh = each(units, (u) =>
      Math.tanh(x(2, u) + (isLinearFirst ? r[u]! * h(2, u) : h(2, u, reset))),
    );
    return { hidden: hidden.map((e, u) => (1 - z[u]!) * fresh[u]! + z[u]! * e), cell: [...cell] };
  };

const lstm: Step = (x, h, { hidden, cell }) => {
  const gate = (at: number, u: number): number => sigmoid(x(at, u) + h(at, u));
  const next = cell.map((e, u) => gate(2, u) * e + gate(0, u) * Math.tanh(x(3, u) + h(3, u)));
  return { hidden: hidden.map((_, u) => gate(1, u) * Math.tanh(next[u]!)), cell: next };
};

/** Runs a step over time for every example and direction. */
function over(call: Call, step: Step, gates: number): Value[] {
  if (call.inputs[4] !== undefined) throw new Error("no sequence lengths");
  const isBatchFirst = number(call, "layout", 0) === 1;
  const x = isBatchFirst ? transpose(input(call, 0), [1, 0, 2]) : input(call, 0);
  const [w, r] = [input(call, 1), input(call, 2)];
  const [time, batch, width] = x.shape as [number, number, number];
  const [directions, units] = [w.shape[0]!, r.shape[2]!];
  const rows = gates * units;
  const bias = call.inputs[3]?.data ?? new Float64Array(directions * 2 * rows);
  const states = [5, 6].map(
    (at) => call.inputs[at]?.data ?? new Float64Array(directions * batch * units),
  );
  const all = value(x.dtype, [time, directions, batch, units]);
  const last = [0, 1].map(() => value(x.dtype, [directions, batch, units]));
  for (let d = 0; d < directions; d += 1) {
    const isReverse = d === 1 || string(call, "direction", "forward") === "reverse";
    for (let b = 0; b < batch; b += 1) {
      const own = (data: Float64Array): number[] => {
        const start = (d * batch + b) * units;
        return [...data.subarray(start, start + units)];
      };
      let state = { hidden: own(states[0]!), cell: own(states[1]!) };
      for (let t = 0; t < time; t += 1) {
        const at = isReverse ? time - 1 - t : t;
        const line = x.data.subarray((at * batch + b) * width, (at * batch + b + 1) * width);
        const dotRow = (m: Float64Array, row: number, v: ArrayLike<number>): number =>
          Array.from(v).reduce((sum, e, i) => sum + e * m[row * v.length + i]!, 0);
        const fromInput = (gate: number, unit: number): number => {
          const row = gate * units + unit;
          return dotRow(w.data, d * rows + row, line) + bias[d * 2 * rows + row]!;
        };
        const fromState = (gate: number, unit: number, other?: readonly number[]): number => {
          const row = gate * units + unit;
          const own_ = bias[d * 2 * rows + rows + row]!;
          return dotRow(r.data, d * rows + row, other ?? state.hidden) + own_;
        };
        state = step(fromInput, fromState, state);
        all.data.set(state.hidden, ((at * directions + d) * batch + b) * units);
      }
      last[0]!.data.set(state.hidden, (d * batch + b) * units);
      last[1]!.data.set(state.cell, (d * batch + b) * units);
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
