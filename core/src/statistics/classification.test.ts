import { expect, test } from "vitest";
import { accuracy, balancedAccuracy, classScores, macroF1 } from "./classification.ts";
import { confusionMatrix } from "./confusion.ts";

// scikit-learn 1.9.1 on truth [0,0,0,1,1,2,2,2,2,0,1,2], prediction [0,0,1,1,1,2,2,0,2,0,4,2] of classes 0 to 4: class 3
// neither occurs nor is predicted, class 4 is predicted and never occurs.
const classes = ["0", "1", "2", "3", "4"];
const truth = [0, 0, 0, 1, 1, 2, 2, 2, 2, 0, 1, 2];
const predicted = [0, 0, 1, 1, 1, 2, 2, 0, 2, 0, 4, 2];
const matrix = confusionMatrix(
  classes,
  truth.map((t, i) => [t, predicted[i]!] as const),
);

test("the figures are scikit-learn's with zero_division=0", () => {
  expect(accuracy(matrix)).toBeCloseTo(0.75, 15);
  expect(macroF1(matrix)).toBeCloseTo(0.5763888888888888, 15);
  expect(balancedAccuracy(matrix)).toBeCloseTo(0.7388888888888889, 15);
  const scores = classScores(matrix);
  expect(scores.map((s) => s.label)).toEqual(classes);
  const near = (values: readonly number[]) => values.map((v) => expect.closeTo(v, 12));
  expect(scores.map((s) => s.precision)).toEqual(near([0.75, 2 / 3, 1, 0, 0]));
  expect(scores.map((s) => s.recall)).toEqual(near([0.75, 2 / 3, 0.8, 0, 0]));
  expect(scores.map((s) => s.f1)).toEqual(near([0.75, 2 / 3, 8 / 9, 0, 0]));
  expect(scores.map((s) => s.support)).toEqual([4, 3, 5, 0, 0]);
});

test("no predictions have scores of 0", () => {
  const none = confusionMatrix(classes);
  expect([accuracy(none), macroF1(none), balancedAccuracy(none)]).toEqual([0, 0, 0]);
});

test("a perfect model scores 1 whatever classes are missing", () => {
  const perfect = confusionMatrix(classes, [
    [0, 0],
    [2, 2],
  ]);
  expect([accuracy(perfect), macroF1(perfect), balancedAccuracy(perfect)]).toEqual([1, 1, 1]);
});
