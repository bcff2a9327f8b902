import { expect, test } from "vitest";
import { addMoments, noMoments, variance } from "../statistics/moments.ts";
import { deriveSeed, gaussian, seededRng, shuffled } from "./random.ts";

const draws = (count: number, rng: () => number): number[] => Array.from({ length: count }, rng);

// A second implementation, of the papers' integer arithmetic in Python.
test.for([
  [1, [2420951833, 2513034076, 3847892949, 4064752930]],
  [-5, [2804387006, 342426264]],
] as const)("the sequence of seed %i is the same everywhere", ([seed, integers]) => {
  expect(draws(integers.length, seededRng(seed))).toEqual(integers.map((n) => n / 2 ** 32));
});

test("numbers lie in [0, 1) and are even", () => {
  const numbers = draws(40_000, seededRng(3));
  expect(numbers.every((n) => n >= 0 && n < 1)).toBe(true);
  const moments = addMoments(noMoments, numbers);
  // Four standard deviations of the mean of 40,000 even numbers are 0.0058.
  expect(Math.abs(moments.mean - 0.5)).toBeLessThan(0.0058);
  expect(variance(moments)).toBeCloseTo(1 / 12, 2);
});

// The vectors that Fowler, Noll and Vo publish for 32-bit FNV-1a.
test.for([
  ["", 0x811c9dc5],
  ["a", 0xe40c292c],
  ["foobar", 0xbf9cf968],
] as const)("the seed of %j at seed 0 is FNV-1a's hash", ([name, hash]) => {
  expect(deriveSeed(0, name)).toBe(hash);
});

test("parts of other names or seeds draw other numbers", () => {
  const seeds = ["pump 1", "pump 2", "noise"].flatMap((name) =>
    [1, 2, 3].map((s) => deriveSeed(s, name)),
  );
  expect(new Set(seeds).size).toBe(9);
  expect(new Set(seeds.map((seed) => seededRng(seed)())).size).toBe(9);
});

test("normal numbers have mean 0, variance 1 and as many beyond two deviations as they should", () => {
  const rng = seededRng(4);
  const numbers = draws(40_000, () => gaussian(rng));
  const moments = addMoments(noMoments, numbers);
  expect(Math.abs(moments.mean)).toBeLessThan(0.02);
  expect(variance(moments)).toBeCloseTo(1, 1);
  const beyond = numbers.filter((n) => Math.abs(n) > 2).length / numbers.length;
  // 0.0455 by the table, plus and minus four deviations.
  expect(Math.abs(beyond - 0.0455)).toBeLessThan(0.0042);
});

test("a shuffle keeps every item, leaves the list alone and finds every order", () => {
  const rng = seededRng(6);
  const items = Object.freeze(["a", "b", "c"]);
  const seen = new Map<string, number>();
  for (let i = 0; i < 6000; i += 1) {
    const order = shuffled(items, rng).join("");
    seen.set(order, (seen.get(order) ?? 0) + 1);
  }
  expect(seen.size).toBe(6);
  // A thousand each, plus and minus five deviations of 29.
  for (const count of seen.values()) expect(Math.abs(count - 1000)).toBeLessThan(145);
});
