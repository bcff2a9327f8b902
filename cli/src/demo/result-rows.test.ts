import { expect, test } from "vitest";
import { resultRows } from "./result-rows.ts";
import { exampleResult } from "./testing.ts";

const rows = resultRows(exampleResult);
const measured = (what: string): string | undefined =>
  rows.find(([name]) => name.startsWith(what))?.[2];

test.for<[string, string]>([
  ["macro-F1 of version 1, before", "0.9876 (441 windows)"],
  ["macro-F1 of version 1, after", "0.6543 (502 windows)"],
  ["macro-F1 after recovery", "0.9432 (415 windows)"],
  ["federated evaluation", "94.21 %, 94.44 %"],
  ["int8 against float", "98.98 %, 99.12 %"],
  ["raw bytes crossed", "0"],
  ["pieces of windows or planted labels", "3 of 5000 in 3.0 KiB"],
  ["accidents survived", "3"],
  ["rounds", "3"],
  ["latency idle", "3.2 ms, 8.8 ms (2400 windows)"],
  ["latency while some train", "11.1 ms (300 windows)"],
  ["latency while all train", "14.6 ms (120 windows)"],
  ["windows that waited", "33"],
  ["first installation", "50.0 KiB"],
  ["bytes up, down", "10.0 KiB, 20.0 KiB"],
  ["blobs of the new release", "4 (1.0 KiB), 9 (4.0 KiB)"],
  ["backend", "wasm, native"],
  ["by gateway", "before → changed → recovered"],
  ["pump-1 (mqtt): accuracy", "0.992 → 0.712 → 0.962"],
  ["pump-1 (mqtt): macro-F1", "0.991 → 0.701 → 0.951"],
])("the row of %s says what was measured", ([what, text]) => {
  expect(measured(what)).toBe(text);
});

test("each thing has one row, and a gateway more is two rows more", () => {
  const names = rows.map(([what]) => what);
  expect(names).toEqual([...new Set(names)]);
  const [first] = exampleResult.gateways;
  if (!first) throw new Error("the example has a gateway");
  const more = { ...exampleResult, gateways: [first, { ...first, gateway: "pump-2" }] };
  expect(resultRows(more)).toHaveLength(rows.length + 2);
});

test("a state without a window was not measured, and was not met in 0 ms", () => {
  const { windows } = exampleResult.latencyMs;
  const empty = { p50: null, p99: null, p99Training: null, p99AllTraining: null, windows };
  const texts = resultRows({ ...exampleResult, latencyMs: empty }).map(([, , text]) => text);
  expect(texts.filter((text) => text.includes("not measured"))).toHaveLength(3);
  expect(texts.join()).not.toContain("0.0 ms");
});
