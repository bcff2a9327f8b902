import fc from "fast-check";
import { expect, test } from "vitest";
import { caseOf, expectSame, modelOf, quantizedTo } from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const pads = fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 8, maxLength: 8 });
const sizes = [3, 4, 3, 5];
const padded = (flat: readonly number[]): number[] =>
  sizes.map((size, axis) => size + (flat[2 * axis] ?? 0) + (flat[2 * axis + 1] ?? 0));

test("zeros, and what zero is among integers, are added around a value", async () => {
  const property = fc.asyncProperty(pads, fc.boolean(), async (flat, isInteger) => {
    const tensor = (shape: number[]) => (isInteger ? quantizedTo(shape, 0.1, 3) : { shape });
    const inputs = [tensor(sizes), { type: "int32", shape: [4, 2], data: flat } as const];
    await expectSame(caseOf({ op: "PAD", version: 2, inputs, outputs: [tensor(padded(flat))] }));
  });
  await fc.assert(property, { numRuns: 8 });
});

test("another number than zero is added around a value", async () => {
  const flat = { type: "int32", shape: [2, 2], data: [1, 0, 0, 2] } as const;
  for (const shape of [[], [1]]) {
    const inputs = [{ shape: [2, 3] }, flat, { shape, data: [7] }];
    await expectSame(caseOf({ op: "PADV2", inputs, outputs: [{ shape: [3, 5] }] }));
  }
});

test("a value is mirrored at its border, with or without the border itself", async () => {
  const mode = fc.constantFrom("REFLECT", "SYMMETRIC");
  const property = fc.asyncProperty(pads, mode, fc.boolean(), async (flat, how, isInteger) => {
    const tensor = (shape: number[]) => (isInteger ? quantizedTo(shape, 0.1, 3) : { shape });
    const inputs = [tensor(sizes), { type: "int32", shape: [4, 2], data: flat } as const];
    const outputs = [tensor(padded(flat))];
    await expectSame(caseOf({ op: "MIRROR_PAD", options: { mode: how }, inputs, outputs }));
  });
  await fc.assert(property, { numRuns: 12 });
});

test("paddings that are no two numbers an axis are refused", () => {
  const inputs = [{ shape: [2, 2] }, { type: "int32", shape: [2], data: [1, 1] } as const];
  const one = caseOf({ op: "PAD", inputs, outputs: [{ shape: [4, 4] }] });
  expect(() => fromTflite(modelOf(one))).toThrow("two numbers an axis");
});
