import { expect, test } from "vitest";
import { score } from "./scoreboard.ts";

const scored = (pairs: readonly (readonly [string, string])[]) =>
  pairs.map(([truth, predicted]) => ({ gateway: "g", endUs: 0, truth, predicted }));

test("macro-F1 and accuracy equal scikit-learn's on a small table", () => {
  // sklearn.metrics.f1_score([0,0,0,1,1,2,2,2], [0,0,1,1,2,2,2,0], average="macro"): 2/3, 1/2, 2/3.
  const pairs = ["aa", "aa", "ab", "bb", "bc", "cc", "cc", "ca"].map(
    (pair) => [pair[0]!, pair[1]!] as const,
  );
  const result = score(scored(pairs), ["a", "b", "c"]);
  expect(result.macroF1).toBeCloseTo((2 / 3 + 1 / 2 + 2 / 3) / 3, 12);
  expect(result).toMatchObject({ windows: 8, accuracy: 5 / 8 });
});

test("nothing scored is zero, not NaN", () => {
  expect(score([], ["a", "b"])).toEqual({ windows: 0, accuracy: 0, macroF1: 0 });
});

test("a class that is never seen pulls the mean down", () => {
  expect(score(scored([["a", "a"]]), ["a", "b"]).macroF1).toBe(0.5);
});
