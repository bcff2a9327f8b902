import fc from "fast-check";
import { expect, test } from "vitest";
import { collectExamples, examplesOf, selectExamples } from "./examples.ts";

const shape = { lengthSamples: 2, channels: 1 };
const list = [
  { data: Float32Array.of(1, 2), label: 0, group: "a", attributes: { pump: "p1" } },
  { data: Float32Array.of(3, 4), label: 1, group: "b" },
  { data: Float32Array.of(5, 6), label: 0, group: "a" },
];

test("selecting any indices keeps data, label, group and attributes of a row together", () => {
  const all = collectExamples(shape, list);
  fc.assert(
    fc.property(fc.array(fc.nat(2)), (indices) => {
      const some = selectExamples(all, indices);
      indices.forEach((from, to) => {
        expect([...some.data.slice(2 * to, 2 * to + 2)]).toEqual([...list[from]!.data]);
        expect(some.labels[to]).toBe(list[from]!.label);
        expect(some.groups[to]).toBe(list[from]!.group);
        expect(some.attributes[to]).toEqual(list[from]!.attributes ?? {});
      });
      expect(some.labels.length).toBe(indices.length);
    }),
  );
});

test("examples of a group are all and only those", () => {
  const mine = examplesOf(collectExamples(shape, list), (group) => group === "a");
  expect([...mine.data]).toEqual([1, 2, 5, 6]);
});

test("a window of another shape is refused", () => {
  const short = [{ data: Float32Array.of(1), label: 0, group: "a" }];
  expect(() => collectExamples(shape, short)).toThrow(
    expect.objectContaining({ code: "EXAMPLE_SHAPE" }),
  );
});
