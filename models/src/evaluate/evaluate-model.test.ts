import { f32 } from "@edgeloop/core/graph";
import type { Session } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import { collectExamples } from "../train/examples.ts";
import { classify, evaluateModel } from "./evaluate-model.ts";

/** Scores that say the class which the window's first value names. */
const oracle: Session = {
  inputs: [],
  outputs: [],
  run: ({ window }) => {
    const rows = window?.shape[0] ?? 0;
    const data = window?.data as Float32Array;
    const scores = Array.from({ length: rows }, (_, row) =>
      [0, 1, 2].map((c) => Number(data[row] === c)),
    );
    return Promise.resolve({ scores: f32(scores.flat(), [rows, 3]) });
  },
  loop: () => Promise.reject(new Error("not used")),
  dispose: () => Promise.resolve(),
};
const values = Array.from({ length: 150 }, (_, index) => index % 3);
const examples = collectExamples(
  { lengthSamples: 1, channels: 1 },
  values.map((value, index) => ({
    data: Float32Array.of(value),
    label: index < 75 ? value : 0,
    group: index < 75 ? "a" : "b",
  })),
);

test("every example gets its own row's class, over any number of batches", async () => {
  expect([...(await classify(oracle, examples))]).toEqual(values);
});

test("confusion is counted by group", async () => {
  const confusion = await evaluateModel(oracle, examples, ["x", "y", "z"]);
  // By hand: group a is right 25 times each; in b the truth is always x.
  expect(confusion["a"]?.counts).toEqual([25, 0, 0, 0, 25, 0, 0, 0, 25]);
  expect(confusion["b"]?.counts).toEqual([25, 25, 25, 0, 0, 0, 0, 0, 0]);
});
