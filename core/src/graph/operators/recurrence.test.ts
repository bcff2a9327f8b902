import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { int, text } from "../builder.ts";

/** Time 4, batch 2, 3 channels, 5 units. */
const cell = (op: string, gates: number, directions: number): OperatorCase => ({
  op,
  feeds: [data(4, 2, 3), data(directions, gates * 5, 3), data(directions, gates * 5, 5)],
  attributes: {
    hidden_size: int(5),
    direction: text(directions === 2 ? "bidirectional" : "reverse"),
  },
  outputs: op === "LSTM" ? 3 : 2,
});

const cases = [cell("RNN", 1, 1), cell("GRU", 3, 2), cell("LSTM", 4, 1), cell("LSTM", 4, 2)];

test.for(cases.map((c) => [title(c), c] as const))("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test.for<[string, OperatorCase]>([
  ["weights have 15 rows, not 4 times 5", { ...cell("GRU", 3, 1), op: "LSTM" }],
  [
    "direction sideways must be",
    { ...cell("RNN", 1, 1), attributes: { hidden_size: int(5), direction: text("sideways") } },
  ],
])("%s: refused", ([message, c]) => {
  expect(() => graphOf(c)).toThrow(message);
});
