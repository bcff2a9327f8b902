import fc from "fast-check";
import { expect, test } from "vitest";
import { engines, runGraph } from "../../../test/run-graph.ts";
import { graphBuilder, int } from "../graph/builder.ts";
import { f32 } from "../graph/tensor.ts";
import { int4Block, int4Weights } from "./int4-weights.ts";

test("the first of two integers is the low half of a byte", () => {
  // By hand: scale 1 represents -8...7 of these exactly.
  const { integers, scales } = int4Weights(Float32Array.of(7, -8, 1, -1, 2), {
    shape: [5],
    axis: 0,
  });
  expect(scales.shape).toEqual([1]);
  expect([...(integers.data as Uint8Array)].map((byte) => byte.toString(16))).toEqual(
    [0x87, 0xf1, 0x02].map((byte) => byte.toString(16)),
  );
});

test("zeros have a scale, and their block is zeros", () => {
  const { integers, scales } = int4Weights(new Float32Array(40), { shape: [40, 1], axis: 0 });
  expect([[...(scales.data as Float32Array)], scales.shape]).toEqual([
    [1, 1],
    [2, 1],
  ]);
  expect((integers.data as Uint8Array).every((byte) => byte === 0)).toBe(true);
});

const matrix = fc
  .record({
    shape: fc.tuple(fc.integer({ min: 1, max: 70 }), fc.integer({ min: 1, max: 5 })),
    axis: fc.constantFrom(0, 1),
    seed: fc.integer({ min: 1, max: 1000 }),
  })
  .map(({ shape, axis, seed }) => ({
    shape: axis === 0 ? shape : shape.toReversed(),
    axis,
    values: Float32Array.from({ length: shape[0] * shape[1] }, (_, i) => Math.sin(i * seed)),
  }));

// The expected values are engines' own: what DequantizeLinear with block_size makes of the bytes.
test.for(engines)("%s gives every weight back within its block's step", async ([, engine]) => {
  await fc.assert(
    fc.asyncProperty(matrix, async ({ shape, axis, values }) => {
      const { integers, scales } = int4Weights(values, { shape, axis });
      const b = graphBuilder("g");
      const names = [b.constant(integers), b.constant(scales)];
      b.add("DequantizeLinear", names, {
        attributes: { axis: int(axis), block_size: int(int4Block) },
        outputs: ["w"],
      });
      b.output({ name: "y", dtype: "float32", shape });
      b.add("Add", ["w", b.input({ name: "x", dtype: "float32", shape })], { outputs: ["y"] });
      const { y } = await runGraph(
        b.build(),
        { x: f32(new Float32Array(values.length), shape) },
        engine,
      );
      const worst = Math.max(...values.map((v, i) => Math.abs(v - Number(y?.data[i]))));
      // Cutting the largest weight off is worth it only when the others gain.
      expect(worst).toBeLessThan(0.4 + 1 / 14);
      const error = values.reduce((sum, v, i) => sum + (v - Number(y?.data[i])) ** 2, 0);
      expect(error / values.length).toBeLessThan(1 / 7 ** 2 / 4);
    }),
    { numRuns: 10 },
  );
});
