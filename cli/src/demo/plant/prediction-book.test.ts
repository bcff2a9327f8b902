import { expect, test } from "vitest";
import type { Entry } from "./prediction-book.ts";
import { predictionBook } from "./prediction-book.ts";

const entry = (change: Partial<Entry>): Entry => ({
  gateway: "g1",
  endUs: 0,
  truth: 0,
  predicted: 0,
  model: "m",
  latencyMs: 1,
  queued: false,
  training: 0,
  ...change,
});

test("a window that is predicted twice counts once, as it was first", () => {
  const book = predictionBook(["a", "b"]);
  book.add(entry({ predicted: 1 }));
  book.add(entry({ predicted: 0 }));
  book.add(entry({ gateway: "g2" }));
  expect(book.score(() => true)).toMatchObject({ windows: 2, accuracy: 0.5 });
});

test("latency leaves out what waited for a gateway that was away, and takes the nearest rank", () => {
  const book = predictionBook(["a", "b"]);
  for (let index = 1; index <= 100; index += 1) book.add(entry({ endUs: index, latencyMs: index }));
  book.add(entry({ endUs: 101, latencyMs: 9999, queued: true }));
  expect(book.latency(() => true)).toEqual({ windows: 100, p50: 50, p99: 99 });
});

test("a state in which no window was measured has no latency, not one of 0 ms", () => {
  const book = predictionBook(["a", "b"]);
  book.add(entry({ endUs: 1, queued: true }));
  const none = { windows: 0, p50: null, p99: null };
  expect(book.latency(() => true)).toEqual(none);
  expect(book.latency(({ training }) => training > 0)).toEqual(none);
});

test("what ended before a time can be forgotten; the rest still counts once", () => {
  const book = predictionBook(["a", "b"]);
  for (const endUs of [1, 2, 3]) book.add(entry({ endUs }));
  book.forgetBefore(2);
  book.add(entry({ endUs: 3, predicted: 1 }));
  book.add(entry({ endUs: 4 }));
  expect(book.entries().map(({ endUs }) => endUs)).toEqual([2, 3, 4]);
  expect(book.score(() => true)).toMatchObject({ windows: 3, accuracy: 1 });
});

test("macro-F1 equals scikit-learn's", () => {
  // sklearn.metrics.f1_score([0,0,0,1,1,2,2,2], [0,0,1,1,2,2,2,0], average="macro"): mean of 2/3, 1/2, 2/3.
  const book = predictionBook(["a", "b", "c"]);
  const [truth, predicted] = [
    [0, 0, 0, 1, 1, 2, 2, 2],
    [0, 0, 1, 1, 2, 2, 2, 0],
  ];
  truth.forEach((value, index) => {
    book.add(entry({ endUs: index, truth: value, predicted: predicted[index]! }));
  });
  expect(book.score(() => true).macroF1).toBeCloseTo((2 / 3 + 1 / 2 + 2 / 3) / 3, 12);
});
