import { expect, test } from "vitest";
import { captureLedger } from "../capture/ledger.ts";
import { predictionBook } from "../plant/prediction-book.ts";
import { roundBook } from "../round-book.ts";
import type { LiveResult } from "./live-fold.ts";
import type { FoldResult } from "./result.ts";
import { recordingsResult, recordingsRows } from "./result.ts";

const people = { laboratory: ["ann"], field: ["bob"], held: ["<script>"] };
const fold = (central: number, federated: number, live: boolean): FoldResult => ({
  ...{ central, centralInt8: central, laboratory: 0.5, federated, float: federated, live, people },
  int8: federated - 0.01,
  macroF1: { released: 0.9, changed: live ? 0.5 : 0.6, recovered: 0.8 },
  windows: 10,
});

test("figures are means over the folds; the table compares them with what is asked", () => {
  const ledger = captureLedger();
  ledger.record({ gateway: "bob", direction: "up", kind: "update", wireBytes: 2048, content: [] });
  const book = predictionBook(["a", "b"]);
  const entry = { gateway: "bob", truth: 0, predicted: 0, model: "m", queued: false, training: 0 };
  book.add({ ...entry, endUs: 1, latencyMs: 4 });
  book.add({ ...entry, endUs: 2, latencyMs: 9, training: 1 });
  book.add({ ...entry, endUs: 3, latencyMs: 0, queued: true });
  const live = {
    ...{ ledger, rounds: roundBook(), book, gateways: ["bob"] },
    leaks: { samples: 0, plantedLabels: 0, sequences: 5, searchedBytes: 1024 },
    releases: ["a", "b"],
    published: { before: 0.6, after: 0.8 },
    plant: { release: { bytes: 4096 } },
  } as unknown as LiveResult;
  const folds = [fold(0.9, 0.88, true), fold(0.8, 0.8, false)];
  const result = recordingsResult(folds, live, { backend: "wasm", wallS: 61 });
  expect(result.accuracy).toMatchObject({
    central: expect.closeTo(0.85, 12),
    federated: expect.closeTo(0.84, 12),
    int8: expect.closeTo(0.83, 12),
  });
  expect(result).toMatchObject({ rawBytesCrossed: 0, bytes: { up: 2048, down: 0, bundle: 4096 } });
  expect(result).toMatchObject({
    macroF1: { released: 0.9, changed: expect.closeTo(0.55, 12), recovered: 0.8 },
    latencyMs: { p50: 4, p99: 4, p99Training: 9, p99AllTraining: 9 },
    accidentsSurvived: 0,
  });
  expect(result.latencyMs.windows).toEqual({ idle: 1, training: 1, allTraining: 1, queued: 1 });
  const rows = recordingsRows(result);
  expect(rows.map(([, , measured]) => measured)).toContain("84.00 % (−1.00 points)");
  expect(rows.at(-1)?.[0]).toMatch(/^fold 2:/);
});

test("where nothing changes there is no figure for it, and none for a state that was not seen", () => {
  const live = {
    ...{ ledger: captureLedger(), rounds: roundBook(), gateways: ["bob"], releases: [] },
    book: predictionBook(["a", "b"]),
    leaks: { samples: 0, plantedLabels: 0, sequences: 5, searchedBytes: 1024 },
    published: { before: 0.6, after: 0.8 },
    plant: { release: { bytes: 4096 } },
  } as unknown as LiveResult;
  const same = {
    ...fold(0.9, 0.88, true),
    macroF1: { released: 0.7, changed: null, recovered: 0.9 },
  };
  const result = recordingsResult([same], live, { backend: "wasm", wallS: 61 });
  expect(result.macroF1).toEqual({ released: 0.7, changed: null, recovered: 0.9 });
  expect(result.latencyMs).toMatchObject({ p50: null, p99: null, p99AllTraining: null });
  const said = recordingsRows(result).map(([, , measured]) => measured);
  expect(said).toContain("released 0.7000, recovered 0.9000");
  expect(said).toContain("not seen, not seen, not seen");
});
