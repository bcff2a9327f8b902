import { expect, test } from "vitest";
import type { CaseTensor } from "../../../../test/tflite-case.ts";
import { caseOf, expectSame, modelOf, quantizedTo } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";
import type { TfliteOptions } from "../model.ts";

type Shaping = readonly [
  op: string,
  options: TfliteOptions,
  from: readonly number[],
  second: CaseTensor | undefined,
  to: readonly number[],
];

const list = (...data: readonly number[]): CaseTensor => ({
  type: "int32",
  shape: [data.length],
  data,
});
const cases: readonly Shaping[] = [
  ["RESHAPE", {}, [2, 3, 4], list(4, 6), [4, 6]],
  ["RESHAPE", {}, [2, 3, 4], list(-1, 8), [3, 8]],
  ["RESHAPE", { new_shape: [6, 4] }, [2, 3, 4], undefined, [6, 4]],
  ["SQUEEZE", { squeeze_dims: [] }, [1, 3, 1, 4], undefined, [3, 4]],
  ["SQUEEZE", { squeeze_dims: [-2] }, [1, 3, 1, 4], undefined, [1, 3, 4]],
  ["EXPAND_DIMS", {}, [2, 3], list(-1), [2, 3, 1]],
  ["EXPAND_DIMS", {}, [2, 3], list(1), [2, 1, 3]],
];

test.for(cases)("%s %j from %j by %j", async ([op, options, from, second, to]) => {
  const more = second ? [second] : [];
  await expectSame(
    caseOf({ op, options, inputs: [{ shape: from }, ...more], outputs: [{ shape: to }] }),
  );
  const inputs = [quantizedTo(from, 0.1, 3), ...more];
  const one = caseOf({ op, options, inputs, outputs: [quantizedTo(to, 0.1, 3)] });
  expect((await expectSame(one)).integers).toBeGreaterThan(0);
  // Integers are moved as they are.
  expect(fromTflite(modelOf(one)).nodes.map((node) => node.op)).not.toContain("QuantizeLinear");
});

test("other scales after than before are applied", async () => {
  const inputs = [quantizedTo([2, 3], 0.1, 3), list(6)];
  await expectSame(caseOf({ op: "RESHAPE", inputs, outputs: [quantizedTo([6], 0.1, 3)] }));
  const one = caseOf({ op: "RESHAPE", inputs, outputs: [quantizedTo([6], 0.2, 5)] });
  expect(fromTflite(modelOf(one)).nodes.map(({ op }) => op)).toEqual([
    "Reshape",
    "DequantizeLinear",
    "QuantizeLinear",
  ]);
});

test("a shape that is computed from a shape with an open size", () => {
  const one = {
    tensors: [
      { shape: [1, 3, 4], shapeSignature: [-1, 3, 4] },
      { type: "int32", shape: [3] },
      list(0),
      list(1),
      list(1),
      { type: "int32", shape: [] },
      { type: "int32", shape: [], data: [12] },
      { type: "int32", shape: [2] },
      { shape: [1, 12], shapeSignature: [-1, 12] },
    ],
    operators: [
      { op: "SHAPE", options: { out_type: 2 }, inputs: [0], outputs: [1] },
      { op: "STRIDED_SLICE", options: { shrink_axis_mask: 1 }, inputs: [1, 2, 3, 4], outputs: [5] },
      { op: "PACK", options: { values_count: 2 }, inputs: [5, 6], outputs: [7] },
      { op: "RESHAPE", inputs: [0, 7], outputs: [8] },
    ],
  } as const;
  expect(fromTflite(modelOf(one)).outputs).toEqual([
    { name: "t8", dtype: "float32", shape: ["N", 12] },
  ]);
});

test.for([
  ["EXPAND_DIMS", list(5), "axis 5 is outside rank 3"],
  ["EXPAND_DIMS", { type: "int32", shape: [1] }, "the axis must be a constant of integers"],
] as const)("%s by %j is refused: %s", ([op, second, message]) => {
  const one = caseOf({ op, inputs: [{ shape: [2, 3] }, second], outputs: [{ shape: [2, 3, 1] }] });
  expect(() => fromTflite(modelOf(one))).toThrow(message);
});
