import { expect, test } from "vitest";
import { predictionBook } from "../plant/prediction-book.ts";
import { recordingsResult } from "./result.ts";
import { recordingsRows } from "./result-rows.ts";
import { exampleFold, exampleLive } from "./testing.ts";

const run = { backend: "wasm", wallS: 61 };

test("the table compares figures with what is asked, and has a row for each fold", () => {
  const book = predictionBook(["a", "b"]);
  const entry = { gateway: "bob", truth: 0, predicted: 0, model: "m", queued: false };
  book.add({ ...entry, endUs: 1, latencyMs: 4, training: 0 });
  const folds = [exampleFold(), exampleFold({ live: false })];
  const rows = recordingsRows(recordingsResult(folds, exampleLive({ book }), run));
  const measured = (what: string): string | undefined =>
    rows.find(([name]) => name.startsWith(what))?.[2];
  expect(measured("accuracy, federated")).toBe("88.00 % (−2.00 points)");
  expect(measured("macro-F1")).toBe("released 0.9000, changed 0.5000, recovered 0.8000");
  expect(measured("latency p99")).toBe("4.0 ms, not seen, not seen");
  expect(measured("time")).toBe("61 s");
  expect(measured("fold 1 (live):")).toBe(measured("fold 2:"));
});

test("a change that did not happen has no figure in the table", () => {
  const same = exampleFold({ macroF1: { released: 0.7, changed: null, recovered: 0.9 } });
  const rows = recordingsRows(recordingsResult([same], exampleLive(), run));
  expect(rows.map(([, , measured]) => measured)).toContain("released 0.7000, recovered 0.9000");
});
