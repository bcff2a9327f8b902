import { expect, test } from "vitest";
import {
  caseOf,
  constantOf,
  expectSame,
  modelOf,
  quantizedTo,
} from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const axisOf = (data: number) => ({ type: "int32", shape: [], data: [data] }) as const;
const tensors = [
  (shape: readonly number[]) => ({ shape }),
  (shape: readonly number[]) => quantizedTo(shape, 0.1, 3),
  (shape: readonly number[]) => quantizedTo(shape, 0.1, 3, "uint8"),
];

test("values are joined along any axis", async () => {
  for (const tensor of tensors) {
    for (const axis of [0, 2, -1]) {
      const shape = [2, 3, 4];
      const joined = shape.map((size, index) => (index === (axis + 3) % 3 ? 2 * size : size));
      const options = { axis };
      const inputs = [tensor(shape), tensor(shape)];
      await expectSame(caseOf({ op: "CONCATENATION", options, inputs, outputs: [tensor(joined)] }));
    }
  }
});

test("values of other scales are joined as real numbers", async () => {
  const inputs = [quantizedTo([2, 3], 0.1, 3, "uint8"), quantizedTo([2, 3], 0.05, 9, "uint8")];
  const outputs = [quantizedTo([4, 3], 0.1, 3, "uint8")];
  const options = { axis: 0, fused_activation_function: "NONE" };
  await expectSame(caseOf({ op: "CONCATENATION", options, inputs, outputs }));
});

test("a value is cut into equal parts, and into rows", async () => {
  for (const tensor of tensors) {
    const parts = [tensor([2, 2]), tensor([2, 2])];
    const inputs = [axisOf(1), tensor([2, 4])];
    await expectSame(caseOf({ op: "SPLIT", options: { num_splits: 2 }, inputs, outputs: parts }));
    const options = { num: 2, axis: -2 };
    const outputs = [tensor([4]), tensor([4])];
    await expectSame(caseOf({ op: "UNPACK", options, inputs: [tensor([2, 4])], outputs }));
  }
});

test("a value is cut into parts of any sizes", async () => {
  const list = (...data: readonly number[]) =>
    ({ type: "int32", shape: [data.length], data }) as const;
  for (const tensor of tensors) {
    for (const sizes of [list(1, 3), list(1, -1)]) {
      const inputs = [tensor([2, 4]), sizes, axisOf(1)];
      const outputs = [tensor([2, 1]), tensor([2, 3])];
      await expectSame(caseOf({ op: "SPLIT_V", options: { num_splits: 2 }, inputs, outputs }));
    }
  }
  const inputs = [{ shape: [2, 4] }, list(4), axisOf(1)];
  const outputs = [{ shape: [2, 2] }, { shape: [2, 2] }];
  const one = caseOf({ op: "SPLIT_V", inputs, outputs });
  expect(() => fromTflite(modelOf(one))).toThrow("an output for each part");
});

test("values are stacked along a new axis", async () => {
  for (const tensor of tensors) {
    for (const [axis, shape] of [
      [0, [2, 3, 4]],
      [-1, [3, 4, 2]],
    ] as const) {
      const inputs = [tensor([3, 4]), tensor([3, 4])];
      const options = { values_count: 2, axis };
      await expectSame(caseOf({ op: "PACK", options, inputs, outputs: [tensor(shape)] }));
    }
  }
});

test("between convolutions values are joined and cut channels-first", async () => {
  const shape = [1, 3, 4, 2];
  const weights = constantOf({ shape: [2, 1, 1, 2] }, 1);
  const options = { padding: "VALID", stride_h: 1, stride_w: 1 };
  const conv = (input: number, output: number) => ({
    op: "CONV_2D",
    options,
    inputs: [input, 1, 2],
    outputs: [output],
  });
  const one = {
    tensors: [
      ...[{ shape }, weights, { shape: [2], data: [1, 2] }, { shape }, { shape: [1, 3, 4, 4] }],
      ...[axisOf(3), { shape }, { shape }, { shape }, { shape }],
    ],
    operators: [
      conv(0, 3),
      { op: "CONCATENATION", options: { axis: 3 }, inputs: [3, 3], outputs: [4] },
      { op: "SPLIT", options: { num_splits: 2 }, inputs: [5, 4], outputs: [6, 7] },
      ...[conv(6, 8), conv(7, 9)],
    ],
  };
  await expectSame(one);
  const moves = fromTflite(modelOf(one)).nodes.filter(({ op }) => op === "Transpose");
  expect(moves).toHaveLength(3);
});

test.for([
  ["CONCATENATION", { axis: 0 }, [{ shape: [2] }, { shape: [2, 1] }], "ranks must be equal"],
  [
    "SPLIT",
    { num_splits: 2 },
    [axisOf(0), { shape: [3] }],
    "the axis must divide into the outputs",
  ],
  ["SPLIT", { num_splits: 2 }, [axisOf(4), { shape: [4] }], "axis 4 is outside rank 1"],
  ["UNPACK", { num: 2 }, [{ shape: [4] }], "an output for each part"],
] as const)("%s of %j is refused", ([op, options, inputs, message]) => {
  const one = caseOf({ op, options, inputs, outputs: [{ shape: [2] }, { shape: [2] }] });
  expect(() => fromTflite(modelOf(one))).toThrow(
    expect.objectContaining({ code: "TFLITE_INVALID", message: expect.stringContaining(message) }),
  );
});

test("a part of unknown size is refused", () => {
  const inputs = [axisOf(0), { shape: [4], shapeSignature: [-1] }];
  const one = caseOf({
    op: "SPLIT",
    options: { num_splits: 1 },
    inputs,
    outputs: [{ shape: [4] }],
  });
  expect(() => fromTflite(modelOf(one))).toThrow("the axis to split must have a known size");
});
