import fc from "fast-check";
import { expect, test } from "vitest";
import { f32, i64 } from "../graph/tensor.ts";
import { batchesOf, gatherRows, tensorDataset } from "./batches.ts";

const options = fc.record({
  size: fc.integer({ min: 1, max: 60 }),
  batchSize: fc.integer({ min: 1, max: 20 }),
  seed: fc.integer(),
});

test("with padding every example is seen once an epoch, and every batch is full", () => {
  fc.assert(
    fc.property(options, fc.nat(5), (cut, epoch) => {
      const batches = batchesOf(epoch, { ...cut, partial: "pad" });
      const seen = batches.flatMap(({ indices, examples }) => indices.slice(0, examples));
      expect(seen.toSorted((a, b) => a - b)).toEqual(Array.from({ length: cut.size }, (_, i) => i));
      expect(batches.every(({ indices }) => indices.length === cut.batchSize)).toBe(true);
    }),
  );
});

test("without padding only full batches remain, of different examples", () => {
  fc.assert(
    fc.property(options, (cut) => {
      const batches = batchesOf(0, { ...cut, partial: "drop" });
      const seen = batches.flatMap(({ indices }) => indices);
      expect(seen.length).toBe(Math.floor(cut.size / cut.batchSize) * cut.batchSize);
      expect(new Set(seen).size).toBe(seen.length);
    }),
  );
});

test("the order is the seed's and the epoch's, whatever was asked before", () => {
  const cut = { size: 40, batchSize: 8, seed: 3, partial: "drop" } as const;
  const second = batchesOf(1, cut);
  batchesOf(0, cut);
  expect(batchesOf(1, cut)).toEqual(second);
  expect(batchesOf(0, cut)).not.toEqual(second);
  expect(batchesOf(1, { ...cut, seed: 4 })).not.toEqual(second);
});

test("rows are gathered in the order asked, of any dtype and rank", async () => {
  const dataset = tensorDataset({ x: f32([1, 2, 3, 4, 5, 6], [3, 2]), target: i64([7, 8, 9]) });
  expect(dataset.size).toBe(3);
  expect(await dataset.batch([2, 0, 2])).toEqual({
    x: f32([5, 6, 1, 2, 5, 6], [3, 2]),
    target: i64([9, 7, 9]),
  });
});

test("tensors that count different examples are refused", () => {
  expect(() => tensorDataset({ x: f32([1, 2]), target: i64([1]) })).toThrow(
    expect.objectContaining({ code: "DATASET_INVALID" }),
  );
  expect(() => gatherRows({ dtype: "string", shape: [1], data: ["a"] }, [0])).toThrow(
    expect.objectContaining({ code: "DATASET_INVALID" }),
  );
});
