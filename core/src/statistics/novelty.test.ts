import { expect, test } from "vitest";
import { gaussian, seededRng } from "../platform/random.ts";
import { novelty, noveltyReference } from "./novelty.ts";

const rng = seededRng(9);
// Two states, ten windows each, in turn; three features, one of which never varies.
const rows = Float64Array.from({ length: 80 * 3 }, (_, at) => {
  if (at % 3 === 2) return 7;
  return 100 * (Math.floor(at / 30) % 2) + gaussian(rng);
});
const reference = noveltyReference(rows, 3, 12);

test("a window of the reference is not new, one of either state hardly, one between them is", () => {
  expect(novelty(reference, rows.subarray(30, 33))).toBe(0);
  const inState = novelty(reference, [100.3, 99.8, 7]);
  const between = novelty(reference, [50, 50, 7]);
  expect(inState).toBeLessThan(0.05);
  expect(between).toBeGreaterThan(20 * inState);
});

test("windows vouch only for windows of another time", () => {
  // The states come back, so scores stay small although the windows beside each are left out.
  expect(Math.max(...reference.scores)).toBeLessThan(0.1);
  const once = Float64Array.from({ length: 40 }, (_, i) => (i < 20 ? 0 : 100) + gaussian(rng));
  expect(Math.min(...noveltyReference(once, 1, 21).scores)).toBeGreaterThan(1);
});

test("scores are those of novelty against the others", () => {
  const apart = 5;
  const small = noveltyReference(rows.subarray(0, 60), 3, apart);
  for (const at of [0, 7, 19]) {
    const others = [...Array(20).keys()].filter((i) => Math.abs(i - at) >= apart);
    const distances = others.map((i) =>
      Math.hypot(...[0, 1, 2].map((f) => small.bank[i * 3 + f]! - small.bank[at * 3 + f]!)),
    );
    expect(small.scores[at]).toBeCloseTo(Math.min(...distances), 12);
  }
});

test("a change of a feature that never varied is new", () => {
  expect(novelty(reference, [0, 0, 7.001])).toBeGreaterThan(100);
});
