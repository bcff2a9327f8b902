import { expect, test } from "vitest";
import type { CaseTensor } from "../../../../test/tflite-case.ts";
import { caseOf, expectSame, modelOf } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const shape = [2, 3];
/** Truth values as numbers, which the engines give out. */
function asNumbers(op: string, inputs: readonly CaseTensor[]) {
  const bool = { type: "bool", shape } as const;
  const places = inputs.map((_, index) => index);
  return {
    tensors: [...inputs, bool, { shape }],
    operators: [
      { op, inputs: places, outputs: [inputs.length] },
      {
        op: "CAST",
        options: { in_data_type: 6, out_data_type: 0 },
        inputs: [inputs.length],
        outputs: [inputs.length + 1],
      },
    ],
  };
}

test.for(["EQUAL", "NOT_EQUAL", "LESS", "LESS_EQUAL", "GREATER", "GREATER_EQUAL"])(
  "%s",
  async (op) => {
    await expectSame(asNumbers(op, [{ shape }, { shape: [3], data: [0, 0.5, -1] }]));
  },
);

test("truth values are combined, and choose", async () => {
  const bool = { type: "bool", shape } as const;
  await expectSame({
    tensors: [
      ...[{ shape }, { shape: [1], data: [0] }, { shape: [1], data: [-1] }],
      ...[bool, bool, bool, bool, bool, { shape: [1], data: [9] }, { shape }],
    ],
    operators: [
      { op: "GREATER", inputs: [0, 1], outputs: [3] },
      { op: "LESS", inputs: [0, 2], outputs: [4] },
      { op: "LOGICAL_OR", inputs: [3, 4], outputs: [5] },
      { op: "LOGICAL_NOT", inputs: [5], outputs: [6] },
      { op: "LOGICAL_AND", inputs: [5, 3], outputs: [7] },
      { op: "SELECT_V2", inputs: [6, 8, 0], outputs: [9] },
    ],
    outputs: [9],
  });
});

test("numbers of other types", async () => {
  for (const type of ["int32", "float32"] as const) {
    const inputs = [{ shape }];
    const options = { in_data_type: 0, out_data_type: type === "int32" ? 2 : 0 };
    await expectSame(caseOf({ op: "CAST", options, inputs, outputs: [{ type, shape }] }));
  }
  const inputs = [{ shape }];
  const complex = caseOf({ op: "CAST", inputs, outputs: [{ type: "complex64", shape }] });
  expect(() => fromTflite(modelOf(complex))).toThrow("CAST (operator 0): a value of complex64");
});
