import { f32, graphBuilder, i64 } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import {
  agreement,
  classesOf,
  differenceOf,
  errorsOf,
  judged,
  largestOf,
  resultsOf,
} from "./verdict.ts";

const results = (...values: number[]) => ({ y: { width: 2, data: Float32Array.from(values) } });

test("all runs are joined, and the first output is judged", async () => {
  const b = graphBuilder("m");
  b.add("Neg", [b.input({ name: "x", dtype: "float32", shape: ["N", 2] })], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 2] });
  await using session = await opened(b.build());
  let runs = 0;
  const found = await resultsOf(
    session,
    [{ x: f32([1, 2, 3, 4], [2, 2]) }, { x: f32([5, 6], [1, 2]) }],
    () => {
      runs += 1;
    },
  );
  expect(judged(b.build(), found)).toEqual({
    width: 2,
    data: Float32Array.of(-1, -2, -3, -4, -5, -6),
  });
  expect([runs, largestOf(judged(b.build(), found))]).toEqual([2, [0, 0, 0]]);
});

async function opened(graph: Parameters<typeof openSession>[0]) {
  const session = await openSession(graph, { backend: "wasm" });
  return { ...session, [Symbol.asyncDispose]: () => session.dispose() };
}

test("rows agree where their largest value stands in one place", () => {
  const [a, b] = [results(1, 2, 5, 3), results(4, 3, 5, 3)].map((one) => largestOf(one.y));
  expect([a, b]).toEqual([
    [1, 0],
    [0, 0],
  ]);
  expect(agreement(a ?? [], b ?? [])).toBe(0.5);
  expect(agreement([], [])).toBe(1);
});

test("a target is classes when it is a list of int64 with one for each row", () => {
  expect(classesOf(i64([2, 0]), 2)).toEqual([2, 0]);
  expect(classesOf(i64([2]), 2)).toBeUndefined();
  expect(classesOf(f32([2, 1]), 2)).toBeUndefined();
  expect(classesOf(undefined, 0)).toBeUndefined();
});

test("differences, by hand", () => {
  const { max, mean, relative } = differenceOf(results(3, 4, 0, 0), results(3, 2, 0, 1));
  expect([max, mean]).toEqual([2, 0.75]);
  expect(relative).toBeCloseTo(Math.sqrt(5) / 5);
  expect(differenceOf(results(1, 1, 1, 1), {})).toEqual({ max: 0, mean: 0, relative: 0 });
});

test("errors against the truth, by hand", () => {
  const { y } = results(1, 2, 3, 4);
  expect(errorsOf(f32([1, 2, 3, 0], [2, 2]), y)).toEqual({ mean: 1, rootMeanSquare: 2 });
  expect(errorsOf(f32([1]), y)).toBeUndefined();
  expect(errorsOf(i64([1, 2, 3, 4]), y)).toBeUndefined();
});
