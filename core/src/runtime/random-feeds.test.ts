import { expect, test } from "vitest";
import type { DType } from "../graph/tensor.ts";
import { f32, i64 } from "../graph/tensor.ts";
import { seededRng } from "../platform/random.ts";
import { sessionDTypes } from "../testing/session-models.ts";
import { checkFeed } from "./feeds.ts";
import { randomFeeds, randomLike } from "./random-feeds.ts";

const rng = (): ReturnType<typeof seededRng> => seededRng(5);

test.for(sessionDTypes)("random %s fits its input and is not constant", (dtype) => {
  const info = { name: "x", dtype, shape: ["N", 64] } as const;
  const { x } = randomFeeds([info], { rng: rng(), batch: 3 });
  expect(checkFeed(info, x).shape).toEqual([3, 64]);
  expect(new Set<unknown>(x?.data).size).toBeGreaterThan(1);
});

test("open dimensions are 1 when nothing else is asked, and a rank that is not known is a scalar", () => {
  const inputs = [
    { name: "a", dtype: "float32", shape: ["N", 2] },
    { name: "b", dtype: "int64" },
  ] as const;
  const { a, b } = randomFeeds(inputs, { rng: rng() });
  expect([a?.shape, b?.shape]).toEqual([[1, 2], []]);
});

test("text cannot be made up", () => {
  const dtype: DType = "string";
  expect(() => randomFeeds([{ name: "words", dtype }], { rng: rng() })).toThrow(
    expect.objectContaining({ code: "FEED_INVALID", message: expect.stringContaining("words") }),
  );
});

test("noise has the mean and spread of what it is like; positions stay", () => {
  const data = Float32Array.from({ length: 4000 }, (_, i) => 10 + 3 * Math.sign(Math.sin(i)));
  const like = { x: f32(data), at: i64([7]) };
  const { x, at } = randomLike(like, rng());
  const values = Array.from(x?.data ?? [], Number);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const spread = Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
  // Standard errors are 0.05 and 0.03.
  expect(Math.abs(mean - 10)).toBeLessThan(0.2);
  expect(Math.abs(spread - 3)).toBeLessThan(0.2);
  expect(at).toBe(like.at);
  expect(like.x.data).toBe(data);
});
