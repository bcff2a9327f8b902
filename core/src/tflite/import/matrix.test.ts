import fc from "fast-check";
import { expect, test } from "vitest";
import {
  biasOf,
  caseOf,
  constantOf,
  expectSame,
  modelOf,
  quantizedTo,
  weightsOf,
} from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const small = fc.integer({ min: 1, max: 5 });

test("a layer of weights is the same in real numbers", async () => {
  const property = fc.asyncProperty(
    fc.record({
      rows: small,
      depth: small,
      out: small,
      hasBias: fc.boolean(),
      keeps: fc.boolean(),
    }),
    fc.constantFrom("NONE", "RELU", "RELU6"),
    fc.nat(),
    async ({ rows, depth, out, hasBias, keeps }, fused_activation_function, seed) => {
      const one = caseOf({
        op: "FULLY_CONNECTED",
        version: 5,
        options: { fused_activation_function, keep_num_dims: keeps, weights_format: "DEFAULT" },
        inputs: [
          { shape: [2, rows, depth] },
          constantOf({ shape: [out, depth] }, seed),
          hasBias ? constantOf({ shape: [out] }, seed) : undefined,
        ],
        outputs: [{ shape: keeps ? [2, rows, out] : [2 * rows, out] }],
      });
      await expectSame(one, seed);
    },
  );
  await fc.assert(property, { numRuns: 12 });
});

test("a layer of weights is the same in int8", async () => {
  const property = fc.asyncProperty(
    small,
    small,
    fc.boolean(),
    fc.nat(),
    async (depth, out, keeps, seed) => {
      const { quantization, ...integers } = weightsOf([out, depth], 0, seed);
      const scale = quantization?.scales[0] ?? 1;
      const weights = { ...integers, quantization: { scales: [scale], zeroPoints: [0], axis: 0 } };
      const bias = biasOf({ ...weights, shape: [out] }, 0.05, seed);
      const data = Array.from({ length: out }, (_, index) => 100 * index);
      const one = caseOf({
        op: "FULLY_CONNECTED",
        version: 5,
        options: {
          fused_activation_function: "NONE",
          keep_num_dims: keeps,
          weights_format: "DEFAULT",
        },
        inputs: [quantizedTo([1, 3, depth], 0.05, -5), weights, { ...bias, shape: [out], data }],
        outputs: [quantizedTo(keeps ? [1, 3, out] : [3, out], 0.1, 4)],
      });
      await expectSame(one, seed);
    },
  );
  await fc.assert(property, { numRuns: 12 });
});

test("int8 weights under real numbers stay int8 weights", () => {
  const one = caseOf({
    op: "FULLY_CONNECTED",
    options: { fused_activation_function: "NONE", keep_num_dims: false, weights_format: "DEFAULT" },
    inputs: [{ shape: [1, 4] }, weightsOf([3, 4], 0, 1)],
    outputs: [{ shape: [1, 3] }],
  });
  const graph = fromTflite(modelOf(one));
  expect(graph.nodes.map(({ op }) => op)).toEqual(["DequantizeLinear", "Gemm"]);
  expect([...graph.initializers.values()].map(({ dtype }) => dtype)).toContain("int8");
});

test("products of matrices, each turned or not", async () => {
  const property = fc.asyncProperty(
    fc.boolean(),
    fc.boolean(),
    fc.boolean(),
    async (adj_x, adj_y, isInteger) => {
      const tensor = (shape: number[]) => (isInteger ? quantizedTo(shape, 0.05, 3) : { shape });
      const one = caseOf({
        op: "BATCH_MATMUL",
        version: 2,
        options: { adj_x, adj_y },
        inputs: [tensor(adj_x ? [2, 3, 4] : [2, 4, 3]), tensor(adj_y ? [2, 5, 3] : [2, 3, 5])],
        outputs: [isInteger ? quantizedTo([2, 4, 5], 0.3, 3) : { shape: [2, 4, 5] }],
      });
      await expectSame(one);
    },
  );
  await fc.assert(property, { numRuns: 8 });
});

test("axes in any order", async () => {
  for (const [perm, type] of [
    [[2, 0, 1], undefined],
    [[1, 0, 2], "int8"],
  ] as const) {
    const sizes = [2, 3, 4];
    const tensor = (shape: number[]) => (type ? quantizedTo(shape, 0.1, 1, type) : { shape });
    const one = caseOf({
      op: "TRANSPOSE",
      version: 2,
      inputs: [tensor(sizes), { type: "int32", shape: [3], data: perm }],
      outputs: [tensor(perm.map((axis) => sizes[axis] ?? 1))],
    });
    await expectSame(one);
  }
});

test.for([
  [
    "TFLITE_INVALID",
    "weights must be [out, in]",
    "FULLY_CONNECTED",
    [{ shape: [1, 4] }, constantOf({ shape: [4] }, 1)],
  ],
  [
    "TFLITE_INVALID",
    "must name each axis once",
    "TRANSPOSE",
    [{ shape: [1, 4] }, { type: "int32", shape: [2], data: [0, 0] }],
  ],
  [
    "TFLITE_UNSUPPORTED",
    "the order of axes must be a constant",
    "TRANSPOSE",
    [{ shape: [1, 4] }, { type: "int32", shape: [2] }],
  ],
  ["TFLITE_INVALID", "a matrix has two axes", "BATCH_MATMUL", [{ shape: [4] }, { shape: [4] }]],
] as const)("%s: %s", ([code, message, op, inputs]) => {
  const options = {
    FULLY_CONNECTED: { weights_format: "DEFAULT", keep_num_dims: false },
    TRANSPOSE: {},
    BATCH_MATMUL: { adj_x: true, adj_y: false },
  }[op];
  expect(() =>
    fromTflite(modelOf(caseOf({ op, options, inputs, outputs: [{ shape: [1, 4] }] }))),
  ).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});

test("weights in another order than rows are refused", () => {
  const options = { weights_format: "SHUFFLED4x16INT8", keep_num_dims: false };
  const inputs = [{ shape: [1, 4] }, constantOf({ shape: [4, 4] }, 1)];
  const one = caseOf({ op: "FULLY_CONNECTED", options, inputs, outputs: [{ shape: [1, 4] }] });
  expect(() => fromTflite(modelOf(one))).toThrow("weights in shuffled order");
});
