import fc from "fast-check";
import { test } from "vitest";
import { caseOf, constantOf, expectSame, quantizedTo } from "../../../../test/tflite-case.ts";

const sizes = [2, 3, 4, 5];

test("sums and means over any axes, kept or not", async () => {
  const property = fc.asyncProperty(
    fc.constantFrom("MEAN", "SUM", "REDUCE_MAX", "REDUCE_MIN"),
    fc.uniqueArray(fc.integer({ min: 0, max: 3 }), { minLength: 1 }),
    fc.boolean(),
    fc.boolean(),
    async (op, axes, keep_dims, isInteger) => {
      const kept = sizes.map((size, axis) => (axes.includes(axis) ? 1 : size));
      const shape = keep_dims ? kept : sizes.filter((_, axis) => !axes.includes(axis));
      const isSum = op === "SUM";
      const one = caseOf({
        op,
        version: 2,
        options: { keep_dims },
        inputs: [
          isInteger ? quantizedTo(sizes, 0.05, 7) : { shape: sizes },
          { type: "int32", shape: [axes.length], data: axes },
        ],
        outputs: [isInteger ? quantizedTo(shape, isSum ? 0.5 : 0.05, 7) : { shape }],
      });
      await expectSame(one);
    },
  );
  await fc.assert(property, { numRuns: 20 });
});

test("a product over an axis", async () => {
  const axes = { type: "int32", shape: [1], data: [1] } as const;
  const inputs = [{ shape: [2, 3] }, axes];
  const options = { keep_dims: false };
  await expectSame(caseOf({ op: "REDUCE_PROD", options, inputs, outputs: [{ shape: [2] }] }));
});

test("a mean after a convolution takes its channels-first value, where their order stays", async () => {
  for (const axes of [[1, 2], [3], [1]]) {
    const shape = [1, 3, 4, 2].filter((_, axis) => !axes.includes(axis));
    await expectSame({
      tensors: [
        { shape: [1, 3, 4, 2] },
        constantOf({ shape: [2, 1, 1, 2] }, 1),
        { shape: [1, 3, 4, 2] },
        { type: "int32", shape: [axes.length], data: axes },
        { shape },
        { shape: [2], data: [0.5, -1] },
      ],
      operators: [
        {
          op: "CONV_2D",
          options: { padding: "VALID", stride_h: 1, stride_w: 1 },
          inputs: [0, 1, 5],
          outputs: [2],
        },
        { op: "MEAN", options: { keep_dims: false }, inputs: [2, 3], outputs: [4] },
      ],
    });
  }
});
