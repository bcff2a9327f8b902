import { expect, test } from "vitest";
import type { OperatorCase } from "../../../../test/operator-case.ts";
import { checkCase, data, graphOf, title } from "../../../../test/operator-case.ts";
import { inferValues } from "../infer.ts";
import { i64 } from "../tensor.ts";
import { slicing } from "./slicing.ts";

const slice = (
  start: number[],
  end: number[],
  axes?: number[],
  steps?: number[],
): OperatorCase => ({
  op: "Slice",
  feeds: [data(4, 9)],
  constants: {
    1: i64(start),
    2: i64(end),
    ...(axes && { 3: i64(axes) }),
    ...(steps && { 4: i64(steps) }),
  },
});
const cases: readonly OperatorCase[] = [
  slice([1, 2], [3, 9]),
  slice([-3], [2 ** 40], [1]),
  slice([0], [-1], [-1], [2]),
  slice([-1], [-(2 ** 40)], [1], [-1]),
  slice([20], [3], [1], [-2]),
  slice([5], [3], [1]),
  slice([0, 0], [2 ** 40, 3], [0, 1], [1, 1]),
];

test.for(
  cases.map(
    (c) =>
      [
        `${title(c)} ${JSON.stringify(Object.values(c.constants ?? {}).map((t) => [...t.data].map(String)))}`,
        c,
      ] as const,
  ),
)("%s: inferred as executed", async ([, c]) => {
  await checkCase(c);
});

test("the table holds Slice", () => {
  expect(Object.keys(slicing)).toEqual(["Slice"]);
});

test("a whole slice keeps a name", () => {
  const graph = graphOf(slice([0], [2 ** 40], [0]), (size, axis) => (axis === 0 ? "N" : size));
  expect(inferValues(graph).get("slice")?.shape).toEqual(["N", 9]);
});

test("a step of 0 is refused", () => {
  expect(() => graphOf(slice([0], [1], [0], [0]))).toThrow("must not be 0");
});
