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
  windows: 10,
});

test("figures are means over the folds; the table compares them with what is asked", () => {
  const ledger = captureLedger();
  ledger.record({ gateway: "bob", direction: "up", kind: "update", wireBytes: 2048, content: [] });
  const live = {
    ...{ ledger, rounds: roundBook(), book: predictionBook(["a", "b"]), gateways: ["bob"] },
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
  const rows = recordingsRows(result);
  expect(rows.map(([, , measured]) => measured)).toContain("84.00 % (−1.00 points)");
  expect(rows.at(-1)?.[0]).toMatch(/^fold 2:/);
});
