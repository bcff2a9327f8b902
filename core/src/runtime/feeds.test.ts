import { expect, test } from "vitest";
import type { ValueInfo } from "../graph/graph.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { carriedNamed, carriedPairs, checkFeed, checkFeeds, outputIndices } from "./feeds.ts";

const x: ValueInfo = { name: "x", dtype: "float32", shape: ["N", 2] };
const anyRank: ValueInfo = { name: "r", dtype: "float32" };

test("a named dimension takes any size, a number only itself, an absent shape all", () => {
  expect(checkFeed(x, f32([1, 2, 3, 4], [2, 2])).shape).toEqual([2, 2]);
  expect(checkFeed(anyRank, scalar(1)).shape).toEqual([]);
  expect(checkFeed(anyRank, f32([1, 2])).shape).toEqual([2]);
  expect(() => checkFeed(x, f32([1, 2, 3], [1, 3]))).toThrow(
    "input x expects float32 [N, 2], got float32 [1, 3]",
  );
});

test("data of another array type or length is refused, whatever dtype and shape say", () => {
  const wrongArray = {
    ...f32([1, 2], [1, 2]),
    data: new Float64Array(2) as unknown as Float32Array,
  };
  for (const tensor of [wrongArray, f32([1, 2, 3], [1, 2]), f32([1], [1, 2])]) {
    expect(() => checkFeed(x, tensor)).toThrow(expect.objectContaining({ code: "FEED_INVALID" }));
  }
});

test("feeds are complete and hold nothing else", () => {
  expect(() => checkFeeds([x], {})).toThrow("input x expects float32 [N, 2], got nothing");
  expect(() => checkFeeds([], { y: scalar(1) })).toThrow("the graph has no input y");
});

test("wanted outputs keep the caller's order", () => {
  const outputs = [x, anyRank];
  expect(outputIndices(outputs, undefined)).toEqual([0, 1]);
  expect(outputIndices(outputs, ["r", "x"])).toEqual([1, 0]);
  expect(() => outputIndices(outputs, ["z"])).toThrow(
    expect.objectContaining({ code: "OUTPUT_UNKNOWN" }),
  );
});

test("pairs become positions; a name used twice is refused", () => {
  const inputs = [x, { name: "w", dtype: "int64", shape: [1] }] as const satisfies ValueInfo[];
  const outputs: readonly ValueInfo[] = [{ name: "w.next", dtype: "int64", shape: [1] }];
  const initial = { w: i64([1]) };
  expect(carriedPairs({ inputs, outputs }, { carry: [["w.next", "w"]], initial })).toEqual([
    { output: 0, input: 1 },
  ]);
  const twice = [
    ["w.next", "w"],
    ["w.next", "w"],
  ] as const;
  expect(() => carriedPairs({ inputs, outputs }, { carry: twice, initial })).toThrow(
    expect.objectContaining({ code: "LOOP_INVALID" }),
  );
});

test("a carried value is found by its input's name", () => {
  expect(carriedNamed([{ name: "a" }, { name: "b" }], "b")).toEqual({ name: "b" });
  expect(() => carriedNamed([{ name: "a" }], "c")).toThrow("the loop carries no c");
});
