import fc from "fast-check";
import { expect, test } from "vitest";
import { caseOf, expectSame, quantizedTo } from "../../../../test/tflite-case.ts";

const activation = fc.constantFrom("NONE", "RELU", "RELU6", "RELU_N1_TO_1");
const dim = fc.integer({ min: 1, max: 5 });
const shapes = fc.array(dim, { minLength: 1, maxLength: 4 });

test("sums, differences, products and quotients broadcast as in the file", async () => {
  const property = fc.asyncProperty(
    fc.constantFrom("ADD", "SUB", "MUL"),
    activation,
    shapes,
    fc.nat(),
    async (op, fused_activation_function, sizes, seed) => {
      const other = sizes
        .slice(seed % sizes.length)
        .map((size, axis) => ((seed >> axis) & 1 ? 1 : size));
      const options = { fused_activation_function };
      const inputs = [{ shape: sizes }, { shape: other }];
      await expectSame(caseOf({ op, options, inputs, outputs: [{ shape: sizes }] }), seed);
    },
  );
  await fc.assert(property, { numRuns: 15 });
});

test.for(["SQRT", "RSQRT", "LOG"])("%s of what is not negative", async (op) => {
  await expectSame({
    tensors: [{ shape }, { shape }, { shape: [1], data: [0.5] }, { shape }, { shape }],
    operators: [
      { op: "ABS", inputs: [0], outputs: [1] },
      { op: "ADD", inputs: [1, 2], outputs: [3] },
      { op, inputs: [3], outputs: [4] },
    ],
  });
});

test.for(["MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE"])("%s of two values", async (op) => {
  await expectSame(caseOf({ op, inputs: [{ shape }, { shape: [6] }], outputs: [{ shape }] }));
});

test("a power of a constant", async () => {
  const inputs = [{ shape: [2, 3] }, { shape: [3], data: [1, 2, 3] }];
  await expectSame(caseOf({ op: "POW", inputs, outputs: [{ shape: [2, 3] }] }));
});

test("a quotient by a constant", async () => {
  const inputs = [{ shape: [2, 3] }, { shape: [3], data: [0.5, -2, 4] }];
  await expectSame(caseOf({ op: "DIV", inputs, outputs: [{ shape: [2, 3] }] }));
});

const shape = [1, 4, 5, 6];
test.for([
  ["LOGISTIC", {}],
  ["TANH", {}],
  ["RELU", {}],
  ["RELU6", {}],
  ["RELU_N1_TO_1", {}],
  ["ELU", {}],
  ["HARD_SWISH", {}],
  ["GELU", { approximate: true }],
  ["GELU", { approximate: false }],
  ["ABS", {}],
  ["NEG", {}],
  ["EXP", {}],
  ["SIN", {}],
  ["COS", {}],
  ["FLOOR", {}],
  ["CEIL", {}],
  ["ROUND", {}],
  ["SQUARE", {}],
  ["LOG_SOFTMAX", {}],
  ["LEAKY_RELU", { alpha: 0.25 }],
  ["SOFTMAX", { beta: 1 }],
  ["SOFTMAX", { beta: 0.5 }],
] as const)("%s with %j in real numbers", async ([op, options]) => {
  await expectSame(caseOf({ op, options, inputs: [{ shape }], outputs: [{ shape }] }));
});

test("PRELU has a slope a channel", async () => {
  const inputs = [{ shape }, { shape: [1, 1, 6], data: [0.5, 0.1, 0, 1, 2, -1] }];
  await expectSame(caseOf({ op: "PRELU", inputs, outputs: [{ shape }] }));
});

/** Scales and zero points of input and output that kernels accept. */
test.for([
  ["LOGISTIC", {}, [0.05, 3], [1 / 256, -128]],
  ["TANH", {}, [0.03, -2], [1 / 128, 0]],
  ["RELU", {}, [0.05, 0], [0.03, -128]],
  ["RELU6", {}, [0.1, 5], [6 / 255, -128]],
  ["HARD_SWISH", {}, [0.05, 1], [0.04, -100]],
  ["LEAKY_RELU", { alpha: 0.1 }, [0.05, 7], [0.04, 0]],
  ["ELU", {}, [0.05, 7], [0.04, 0]],
  ["SOFTMAX", { beta: 1 }, [0.05, 3], [1 / 256, -128]],
] as const)("%s in int8", async ([op, options, [a, b], [c, d]]) => {
  const one = caseOf({
    op,
    options,
    inputs: [quantizedTo(shape, a, b)],
    outputs: [quantizedTo(shape, c, d)],
  });
  expect((await expectSame(one)).integers).toBe(120);
});

test.for([
  ["int8", -3, 5],
  ["uint8", 120, 130],
] as const)("sums and products in %s", async ([type, a, b]) => {
  const inputs = [quantizedTo(shape, 0.03, a, type), quantizedTo([6], 0.05, b, type)];
  for (const op of ["ADD", "SUB", "MUL"]) {
    for (const fused_activation_function of ["NONE", "RELU"]) {
      const outputs = [quantizedTo(shape, 0.07, a, type)];
      await expectSame(caseOf({ op, options: { fused_activation_function }, inputs, outputs }));
    }
  }
});

test("real numbers to integers, to other integers, and back", async () => {
  const integers = quantizedTo(shape, 0.03, -4);
  await expectSame(caseOf({ op: "QUANTIZE", inputs: [{ shape }], outputs: [integers] }));
  await expectSame(
    caseOf({ op: "QUANTIZE", inputs: [integers], outputs: [quantizedTo(shape, 0.05, 9)] }),
  );
  await expectSame(caseOf({ op: "DEQUANTIZE", inputs: [integers], outputs: [{ shape }] }));
});

test("an activation that no kernel has is refused", async () => {
  const options = { fused_activation_function: "SIGN_BIT" };
  const inputs = [{ shape }, { shape }];
  await expect(
    expectSame(caseOf({ op: "ADD", options, inputs, outputs: [{ shape }] })),
  ).rejects.toMatchObject({
    code: "TFLITE_UNSUPPORTED",
    message: "ADD (operator 0): the fused activation SIGN_BIT is not imported",
  });
});
