import { expect, test } from "vitest";
import { predictionBook } from "../plant/prediction-book.ts";
import { liveLatency } from "./live-figures.ts";

// What the released bundles are measured to be: test/scenarios/recordings.test.ts, with real processes.
test("latency is told apart by how many of the gateways train; what waited in a queue does not count", () => {
  const book = predictionBook(["a", "b"]);
  const entry = { gateway: "ann", truth: 0, predicted: 0, model: "m", queued: false };
  for (const [endUs, latencyMs, training] of [
    [1, 2, 0],
    [2, 3, 0],
    [3, 5, 1],
    [4, 8, 2],
  ] as const) {
    book.add({ ...entry, endUs, latencyMs, training });
  }
  book.add({ ...entry, endUs: 5, latencyMs: 100, training: 2, queued: true });
  expect(liveLatency(book, 2)).toEqual({
    ...{ p50: 2, p99: 3, p99Training: 8, p99AllTraining: 8 },
    windows: { idle: 2, training: 2, allTraining: 1, queued: 1 },
  });
  expect(liveLatency(book, 3)).toMatchObject({ p99AllTraining: null, windows: { allTraining: 0 } });
});
