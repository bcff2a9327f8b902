import { expect, test } from "vitest";
import { captureLedger } from "../capture/ledger.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import { recordingsResult } from "./result.ts";
import { exampleFold, exampleLive } from "./testing.ts";

const run = { backend: "wasm", wallS: 61 };

test("figures are means over the folds; bytes, latency and rounds are the live fold's", () => {
  const ledger = captureLedger();
  ledger.record({ gateway: "bob", direction: "up", kind: "update", wireBytes: 2048, content: [] });
  const book = predictionBook(["a", "b"]);
  const entry = { gateway: "bob", truth: 0, predicted: 0, model: "m", queued: false, training: 0 };
  book.add({ ...entry, endUs: 1, latencyMs: 4 });
  book.add({ ...entry, endUs: 2, latencyMs: 9, training: 1 });
  book.add({ ...entry, endUs: 3, latencyMs: 0, queued: true });
  const other = exampleFold({
    ...{ central: 0.8, federated: 0.8, int8: 0.79, live: false },
    macroF1: { released: 0.9, changed: 0.6, recovered: 0.8 },
  });
  const result = recordingsResult([exampleFold(), other], exampleLive({ ledger, book }), run);
  expect(result.accuracy).toMatchObject({
    central: expect.closeTo(0.85, 12),
    federated: expect.closeTo(0.84, 12),
    int8: expect.closeTo(0.83, 12),
  });
  expect(result).toMatchObject({
    ...{ rawBytesCrossed: 0, bytes: { up: 2048, down: 0, bundle: 4096 }, accidentsSurvived: 0 },
    macroF1: { released: 0.9, changed: expect.closeTo(0.55, 12), recovered: 0.8 },
    latencyMs: { p50: 4, p99: 4, p99Training: 9, p99AllTraining: 9 },
  });
  expect(result.latencyMs.windows).toEqual({ idle: 1, training: 1, allTraining: 1, queued: 1 });
});

test("where nothing changes there is no figure for it", () => {
  const same = exampleFold({ macroF1: { released: 0.7, changed: null, recovered: 0.9 } });
  const { macroF1 } = recordingsResult([same], exampleLive(), run);
  expect(macroF1).toEqual({ released: 0.7, changed: null, recovered: 0.9 });
});
