import { expect, test } from "vitest";
import type { CaseTensor } from "../../../../test/tflite-case.ts";
import { caseOf, expectSame, modelOf, quantizedTo } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";
import type { TfliteOptions } from "../model.ts";

const list = (...data: readonly number[]): CaseTensor => ({
  type: "int32",
  shape: [data.length],
  data,
});
const from = [3, 4, 5];

/** The slice in Python's notation, and the shape that numpy gives for it. */
test.for([
  [
    "[1:3, 0:4:2, 0:5]",
    [
      [1, 0, 0],
      [3, 4, 5],
      [1, 2, 1],
    ],
    {},
    [2, 2, 5],
  ],
  [
    "[:, ::-1, :]",
    [
      [0, 0, 0],
      [0, 0, 0],
      [1, -1, 1],
    ],
    { begin_mask: 7, end_mask: 7 },
    [3, 4, 5],
  ],
  [
    "[1, :, 2]",
    [
      [1, 0, 2],
      [2, 0, 3],
      [1, 1, 1],
    ],
    { begin_mask: 2, end_mask: 2, shrink_axis_mask: 5 },
    [4],
  ],
  ["[-1]", [[-1], [0], [1]], { shrink_axis_mask: 1 }, [4, 5]],
  ["[0] by mask", [[9], [0], [1]], { begin_mask: 1, shrink_axis_mask: 1 }, [4, 5]],
  [
    "[..., 1:3]",
    [
      [0, 1],
      [0, 3],
      [1, 1],
    ],
    { ellipsis_mask: 1 },
    [3, 4, 2],
  ],
  [
    "[1, ..., -2:]",
    [
      [1, 0, -2],
      [2, 0, 0],
      [1, 1, 1],
    ],
    { ellipsis_mask: 2, shrink_axis_mask: 1, end_mask: 4 },
    [4, 2],
  ],
  [
    "[:, None, 1]",
    [
      [0, 0, 1],
      [0, 0, 2],
      [1, 1, 1],
    ],
    { begin_mask: 1, end_mask: 1, new_axis_mask: 2, shrink_axis_mask: 4 },
    [3, 1, 5],
  ],
  [
    "[3:0:-2] of axis 1",
    [
      [0, 3],
      [3, 0],
      [1, -2],
    ],
    {},
    [3, 2, 5],
  ],
  ["from 1, 2 long", [[1], [2], [1]], { offset: true }, [2, 4, 5]],
] as const satisfies readonly (readonly [
  string,
  readonly (readonly number[])[],
  TfliteOptions,
  readonly number[],
])[])("%s", async ([name, lists, options, to]) => {
  const more = lists.map((entries) => list(...entries));
  const version = name.startsWith("from") ? 8 : 4;
  const op = "STRIDED_SLICE";
  const one = caseOf({
    op,
    version,
    options,
    inputs: [{ shape: from }, ...more],
    outputs: [{ shape: to }],
  });
  await expectSame(one);
  const inputs = [quantizedTo(from, 0.1, 3), ...more];
  await expectSame(caseOf({ op, version, options, inputs, outputs: [quantizedTo(to, 0.1, 3)] }));
});

test.for([
  [[[0], [1, 2], [1]], "equally long"],
  [[[0], [1], [0]], "a step must not be 0"],
  [
    [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
      [1, 1, 1, 1],
    ],
    "more entries than the value has axes",
  ],
] as const)("%j is refused: %s", ([lists, message]) => {
  const inputs = [{ shape: from }, ...lists.map((entries) => list(...entries))];
  const one = caseOf({ op: "STRIDED_SLICE", inputs, outputs: [{ shape: from }] });
  expect(() => fromTflite(modelOf(one))).toThrow(
    expect.objectContaining({ code: "TFLITE_INVALID", message: expect.stringContaining(message) }),
  );
});
