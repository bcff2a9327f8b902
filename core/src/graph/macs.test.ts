import { expect, test } from "vitest";
import type { Attributes } from "./builder.ts";
import { int, text } from "./builder.ts";
import { macsOf } from "./macs.ts";

/** Counts a node's operations from the sizes of its inputs and of its first output. */
function count(
  op: string,
  inputs: readonly (readonly number[])[],
  { output = [], attributes = {} }: { output?: readonly number[]; attributes?: Attributes } = {},
): number {
  const names = inputs.map((_, i) => `x${i}`);
  const sizes = new Map([...names.map((name, i) => [name, inputs[i] ?? []] as const)]);
  sizes.set("y", output);
  const node = { name: "n", op, inputs: names, outputs: ["y"], attributes };
  return macsOf(node, (name) => sizes.get(name ?? "") ?? []);
}

const equation = (value: string) => ({ attributes: { equation: text(value) } });

// Each expected number is the hand computation beside it.
test.for<[string, number, number]>([
  // 8·5·5 results of 3·3·3 products each
  [
    "Conv",
    count(
      "Conv",
      [
        [1, 3, 7, 7],
        [8, 3, 3, 3],
      ],
      { output: [1, 8, 5, 5] },
    ),
    200 * 27,
  ],
  // depthwise: each result takes one channel
  [
    "depthwise Conv",
    count(
      "Conv",
      [
        [1, 4, 6],
        [4, 1, 3],
      ],
      { output: [1, 4, 4] },
    ),
    16 * 3,
  ],
  // each of 4·5 inputs is spread over 6 channels and 3 taps
  [
    "ConvTranspose",
    count(
      "ConvTranspose",
      [
        [1, 4, 5],
        [4, 6, 3],
      ],
      { output: [1, 6, 7] },
    ),
    20 * 18,
  ],
  [
    "MatMul",
    count(
      "MatMul",
      [
        [2, 3, 4],
        [4, 5],
      ],
      { output: [2, 3, 5] },
    ),
    2 * 3 * 4 * 5,
  ],
  ["MatMul of vectors", count("MatMul", [[4], [4]], { output: [] }), 4],
  [
    "Gemm",
    count(
      "Gemm",
      [
        [4, 2],
        [4, 3],
      ],
      { output: [2, 3], attributes: { transA: int(1) } },
    ),
    24,
  ],
  // 7 steps of a batch of 2: 4 gates of 5 units, each over 3 inputs and 5 states
  [
    "LSTM",
    count("LSTM", [
      [7, 2, 3],
      [1, 20, 3],
      [1, 20, 5],
    ]),
    7 * 2 * 20 * (3 + 5),
  ],
  [
    "GRU both ways",
    count("GRU", [
      [7, 2, 3],
      [2, 15, 3],
      [2, 15, 5],
    ]),
    2 * 7 * 2 * 15 * 8,
  ],
  [
    "RNN",
    count("RNN", [
      [7, 2, 3],
      [1, 5, 3],
      [1, 5, 5],
    ]),
    7 * 2 * 5 * 8,
  ],
  [
    "Einsum of batches",
    count(
      "Einsum",
      [
        [2, 3, 4],
        [2, 4, 5],
      ],
      equation("bij,bjk->bik"),
    ),
    120,
  ],
  [
    "Einsum, three",
    count(
      "Einsum",
      [
        [2, 3],
        [3, 4],
        [4, 5],
      ],
      equation("ij, jk, kl -> il"),
    ),
    120,
  ],
  // the ellipsis broadcasts [6, 1] with [7]
  [
    "Einsum …",
    count(
      "Einsum",
      [
        [6, 1, 2, 3],
        [7, 3, 4],
      ],
      equation("...ij,...jk"),
    ),
    42 * 24,
  ],
  ["Einsum of one", count("Einsum", [[2, 3]], equation("ij->ji")), 0],
  ["Relu", count("Relu", [[9, 9]]), 0],
])("%s", ([, found, expected]) => {
  expect(found).toBe(expected);
});

test("an operator outside the standard set is not taken for one inside", () => {
  const node = {
    name: "",
    op: "MatMul",
    domain: "odd",
    inputs: ["a"],
    outputs: [],
    attributes: {},
  };
  expect(macsOf(node, () => [2, 2])).toBe(0);
});
