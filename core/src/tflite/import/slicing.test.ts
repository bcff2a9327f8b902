import { expect, test } from "vitest";
import type { CaseTensor } from "../../../../test/tflite-case.ts";
import { caseOf, expectSame, modelOf, quantizedTo } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const list = (...data: readonly number[]): CaseTensor => ({
  type: "int32",
  shape: [data.length],
  data,
});
const tensors = [
  (shape: readonly number[]) => ({ shape }),
  (shape: readonly number[]) => quantizedTo(shape, 0.1, 3),
];

test("a slice has a begin and a size an axis", async () => {
  for (const tensor of tensors) {
    const inputs = [tensor([3, 4, 5]), list(1, 0, 2), list(2, -1, 1)];
    await expectSame(caseOf({ op: "SLICE", inputs, outputs: [tensor([2, 4, 1])] }));
  }
});

test("rows are taken by index", async () => {
  for (const tensor of tensors) {
    const inputs = [tensor([3, 4]), { type: "int32", shape: [2, 2], data: [3, 0, 1, 1] } as const];
    const outputs = [tensor([3, 2, 2])];
    await expectSame(caseOf({ op: "GATHER", options: { axis: 1 }, inputs, outputs }));
  }
});

test("points are taken by their places", async () => {
  for (const tensor of tensors) {
    const points = { type: "int32", shape: [2, 2], data: [0, 1, 2, 3] } as const;
    await expectSame(
      caseOf({ op: "GATHER_ND", inputs: [tensor([3, 4, 2]), points], outputs: [tensor([2, 2])] }),
    );
  }
});

test("each example takes by its own indices", async () => {
  const inputs = [
    { shape: [2, 3, 4] },
    { type: "int32", shape: [2, 2], data: [2, 0, 1, 1] } as const,
  ];
  const options = { axis: 1, batch_dims: 1 };
  const outputs = [{ shape: [2, 2, 4] }];
  await expectSame(caseOf({ op: "GATHER", version: 5, options, inputs, outputs }));
});

test("a slice of another rank, and batches beside the axis, are refused", () => {
  const slice = caseOf({
    op: "SLICE",
    inputs: [{ shape: [3, 4] }, list(1), list(1)],
    outputs: [{ shape: [1, 4] }],
  });
  expect(() => fromTflite(modelOf(slice))).toThrow("one begin and size an axis");
  const gather = caseOf({
    op: "GATHER",
    options: { axis: 2, batch_dims: 1 },
    inputs: [{ shape: [2, 3, 4] }, { type: "int32", shape: [2, 2] }],
    outputs: [{ shape: [2, 3, 2] }],
  });
  expect(() => fromTflite(modelOf(gather))).toThrow(
    expect.objectContaining({
      code: "TFLITE_UNSUPPORTED",
      message: "GATHER (operator 0): batch_dims must be 0 or the axis",
    }),
  );
});
