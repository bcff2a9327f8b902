import type { Tensors } from "@edgeloop/core/graph";
import { f32 } from "@edgeloop/core/graph";
import type { Backend } from "@edgeloop/core/runtime";
import { expect, test } from "vitest";
import { table } from "../table.ts";
import type { BenchRow } from "./bench-rows.ts";
import { benchTable, trialsOf } from "./bench-rows.ts";

const measured = (backend: Backend, y: number, p50Us = 10): BenchRow => ({
  kind: "measured",
  ...{ backend, threads: 1, p50Us, p99Us: 12.34, runs: 100, startMs: 20.4, memoryMiB: 30.4 },
  results: { y: f32([y, 2]) } satisfies Tensors,
});
const absent: BenchRow = {
  kind: "unavailable",
  backend: "native",
  why: "onnxruntime-node is not installed",
  install: "npm install it",
};

test("rows become trials against wasm, wherever it stands", () => {
  expect(trialsOf([measured("native", 1.5), measured("wasm", 1), absent], 1e-3)).toEqual([
    { kind: "right", backend: "wasm", threads: 1, medianUs: 10, difference: 0 },
    { kind: "wrong", backend: "native", threads: 1, difference: 0.25 },
    { kind: "unavailable", backend: "native", threads: 1, why: absent.why },
  ]);
});

test("without wasm the first that ran is what others are compared with", () => {
  const failed: BenchRow = { kind: "failed", backend: "wasm", threads: 1, why: "no kernel" };
  const trials = trialsOf([failed, measured("litert", 1), measured("tflite", 1)], 1e-3);
  expect(trials.map(({ backend, kind }) => [backend, kind])).toEqual([
    ["litert", "right"],
    ["wasm", "failed"],
    ["tflite", "right"],
  ]);
});

test("a line has the figures, or the reason and what to do", () => {
  const rows = [measured("wasm", 1), measured("litert", 2, 250), absent];
  const [head, wasm, litert, native] = table(benchTable(rows, trialsOf(rows, 1e-3)));
  expect(head).toMatch(/^backend +threads +p50 +p99 +start +memory$/);
  expect(wasm).toMatch(/^wasm +1 +10\.0 us +12\.3 us +20 ms +30 MiB$/);
  expect(litert).toMatch(
    /^litert +1 +250 us .*wrong here: differs by 0\.50 of the largest output$/,
  );
  expect(native).toMatch(/^native .*not here: onnxruntime-node is not installed: npm install it$/);
  const failed: BenchRow = { kind: "failed", backend: "wasm", threads: 2, why: "no kernel" };
  expect(table(benchTable([failed], []))[1]).toMatch(/^wasm +2 +failed: no kernel$/);
});
