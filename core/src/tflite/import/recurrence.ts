import { int } from "../../graph/builder.ts";
import { joinedRows } from "./joined-rows.ts";
import { rowsOf } from "./matrix.ts";
import type { ImportRows } from "./row.ts";
import type { Site } from "./site.ts";

/** Most steps of a sequence: an LSTM is written out step by step, about a dozen nodes each. */
export const lstmStepsMax = 1024;

/** Where the schema's LSTM has what; of weights and biases one for each gate: input, forget, cell, output. */
const places = {
  weights: [1, 2, 3, 4],
  recurrent: [5, 6, 7, 8],
  biases: [12, 13, 14, 15],
  hidden: 18,
  cell: 19,
} as const;

/** What a plain LSTM leaves out. */
const refused: readonly (readonly [what: string, inputs: readonly number[]])[] = [
  ["peepholes", [9, 10, 11]],
  ["a projection", [16, 17]],
  ["layer normalisation", [20, 21, 22, 23]],
];

function checkForm(site: Site): void {
  for (const [what, inputs] of refused) {
    if (inputs.some((input) => site.has(input))) throw site.refuse(`${what} of an LSTM`);
  }
  if (site.flag("diagonal_recurrent_tensors")) throw site.refuse("diagonal weights of an LSTM");
  if (!site.has(1)) throw site.refuse("an input gate that is coupled to the forget gate");
  const activation = site.text("fused_activation_function");
  if (activation !== "TANH") throw site.refuse(`an LSTM with the activation ${activation}`);
}

/** The sequence's number of steps. */
function stepsOf(site: Site, time: number): number {
  const steps = site.shape(0)[time];
  if (site.shape(0).length !== 3) throw site.invalid("a sequence has three axes");
  if (typeof steps === "number" && steps >= 1 && steps <= lstmStepsMax) return steps;
  throw site.refuse(`a sequence must have 1 to ${lstmStepsMax} steps, not ${steps}`);
}

/** What changes from step to step, each `[N, 1, hidden]` or `[1, N, hidden]`. */
type State = { readonly hidden: string; readonly cell: string };

/** One step of the cell; the first has no state before it. @see Hochreiter and Schmidhuber 1997; Gers et al. 2000. */
function step(site: Site, gates: string, before: State | undefined): State {
  const parts = site.addMany("Split", [gates], {
    count: 4,
    attributes: { axis: int(2), num_outputs: int(4) },
  });
  const [input, forget, candidate, output] = parts.map((part, gate) =>
    site.add(gate === 2 ? "Tanh" : "Sigmoid", [part]),
  ) as [string, string, string, string];
  const taken = site.add("Mul", [input, candidate]);
  const sum = before ? site.add("Add", [site.add("Mul", [forget, before.cell]), taken]) : taken;
  const cell = site.round(places.cell, clipped(site, sum));
  const hidden = site.add("Mul", [output, site.add("Tanh", [cell])]);
  return { cell, hidden: site.round(places.hidden, hidden) };
}

function clipped(site: Site, cell: string): string {
  const bound = site.number("cell_clip");
  return bound > 0 ? site.add("Clip", [cell, site.float(-bound), site.float(bound)]) : cell;
}

/**
 * An LSTM over a sequence, from a state of zeros: step by step, because ONNX's LSTM bounds what goes into gates and
 * not the cell, and does not round the state to integers between steps.
 */
export const recurrence: ImportRows = {
  UNIDIRECTIONAL_SEQUENCE_LSTM(site) {
    checkForm(site);
    const time = site.flag("time_major") ? 0 : 1;
    const steps = stepsOf(site, time);
    const weights = joinedRows(site, places.weights, [1, 0]);
    const recurrent = joinedRows(site, places.recurrent, [1, 0]);
    const [hidden = 0, depth = 0] = site.tensor(1).shape;
    const biases = joinedRows(site, places.biases, [0]);
    const product = site.add("Gemm", [rowsOf(site, depth), weights, biases]);
    const shape = time === 0 ? [steps, -1, 4 * hidden] : [-1, steps, 4 * hidden];
    const all = site.add("Reshape", [product, site.list(shape)]);
    const projected =
      steps === 1
        ? [all]
        : site.addMany("Split", [all, site.list(Array<number>(steps).fill(1))], {
            count: steps,
            attributes: { axis: int(time) },
          });
    let state: State | undefined;
    const results: string[] = [];
    for (const own of projected) {
      const moved = state && site.add("MatMul", [state.hidden, recurrent]);
      state = step(site, moved ? site.add("Add", [own, moved]) : own, state);
      results.push(state.hidden);
    }
    site.giveAsIs(
      0,
      steps === 1 ? (results[0] ?? "") : site.add("Concat", results, { axis: int(time) }),
    );
  },
};
