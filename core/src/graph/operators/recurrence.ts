import { intOf, textOf } from "../attributes.ts";
import type { Dim } from "../graph.ts";
import type { Known, Operator, OperatorRows, Site } from "../operator.ts";
import { dtypeSets, inputOf, known, needDType, needRank } from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** Gates of each kind of cell: rows of its weights are so many times the hidden size. */
export const gatesOf: Readonly<Record<string, number>> = { RNN: 1, GRU: 3, LSTM: 4 };

type Sizes = {
  readonly time: Dim;
  readonly batch: Dim;
  readonly hidden: Dim;
  readonly directions: Dim;
};

function sizesOf(site: Site): Sizes | undefined {
  const [x, w, r] = [0, 1, 2].map((index) => inputOf(site, index).shape);
  for (const index of [0, 1, 2]) needRank(site, index, 3);
  if (x === undefined || w === undefined || r === undefined) return undefined;
  const direction = textOf(site.node, "direction", "forward");
  if (!["forward", "reverse", "bidirectional"].includes(direction)) {
    throw nodeInvalid(
      site.node,
      `direction ${direction} must be forward, reverse or bidirectional`,
    );
  }
  const hidden = r[2] ?? 1;
  const gates = gatesOf[site.node.op] ?? 1;
  if (typeof hidden === "number" && typeof w[1] === "number" && w[1] !== gates * hidden) {
    throw nodeInvalid(site.node, `weights have ${w[1]} rows, not ${gates} times ${hidden}`);
  }
  const isBatchFirst = intOf(site.node, "layout", 0) === 1;
  const [time = 1, batch = 1] = isBatchFirst ? [x[1], x[0]] : [x[0], x[1]];
  return { time, batch, hidden, directions: direction === "bidirectional" ? 2 : 1 };
}

const cell = (states: 1 | 2, attributes: Operator["attributes"]): Operator => ({
  inputs: [3, states === 2 ? 8 : 6],
  outputs: [1, states + 1],
  attributes: {
    activation_alpha: "floats",
    activation_beta: "floats",
    activations: "strings",
    clip: "float",
    direction: "string",
    hidden_size: "int",
    layout: "int",
    ...attributes,
  },
  infer(site) {
    const dtype = needDType(site, 0, dtypeSets.float);
    const sizes = sizesOf(site);
    const count = states + 1;
    if (sizes === undefined) return new Array<Known>(count).fill(known(dtype));
    const { time, batch, hidden, directions } = sizes;
    const isBatchFirst = intOf(site.node, "layout", 0) === 1;
    const last = isBatchFirst ? [batch, directions, hidden] : [directions, batch, hidden];
    const all = isBatchFirst
      ? [batch, time, directions, hidden]
      : [time, directions, batch, hidden];
    return [known(dtype, all), ...new Array<Known>(states).fill(known(dtype, last))];
  },
});

/** Cells that run over a sequence. */
export const recurrence: OperatorRows = {
  RNN: cell(1, {}),
  GRU: cell(1, { linear_before_reset: "int" }),
  LSTM: cell(2, { input_forget: "int" }),
};
