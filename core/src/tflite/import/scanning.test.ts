import { test } from "vitest";
import { caseOf, expectSame, quantizedTo } from "../../../../test/tflite-case.ts";

const axisOf = (data: number) => ({ type: "int32", shape: [], data: [data] }) as const;

test("the place of the largest and smallest along any axis", async () => {
  for (const op of ["ARG_MAX", "ARG_MIN"]) {
    for (const [axis, shape] of [
      [-1, [2, 3]],
      [1, [2, 4]],
    ] as const) {
      const options = { output_type: 2 };
      const outputs = [{ type: "int32", shape }] as const;
      const inputs = [{ shape: [2, 3, 4] }, axisOf(axis)];
      await expectSame(caseOf({ op, options, inputs, outputs }));
      const integers = [quantizedTo([2, 3, 4], 0.1, 3), axisOf(axis)];
      await expectSame(caseOf({ op, options, inputs: integers, outputs }));
    }
  }
});

test("sums along an axis, from either end, with or without what stands there", async () => {
  for (const [exclusive, reverse] of [
    [false, false],
    [true, false],
    [false, true],
  ] as const) {
    const inputs = [{ shape: [2, 5] }, axisOf(1)];
    const options = { exclusive, reverse };
    await expectSame(caseOf({ op: "CUMSUM", options, inputs, outputs: [{ shape: [2, 5] }] }));
  }
});
