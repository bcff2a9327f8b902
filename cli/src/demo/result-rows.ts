import type { ResultRow } from "./report/report-state.ts";
import type { DemoResult, Phased } from "./result.ts";

/** Lays the result out as the table that is printed and shown. */
export function resultRows(result: DemoResult): readonly ResultRow[] {
  const { macroF1, accuracy, latencyMs, bytes, windows } = result;
  const ms = (value: number | null): string =>
    value === null ? "not measured" : `${value.toFixed(1)} ms`;
  const kib = (value: number): string => `${(value / 1024).toFixed(1)} KiB`;
  return [
    [
      "macro-F1 of version 1, before the change",
      "≥ 0.95",
      `${macroF1.released.toFixed(4)} (${windows.released} windows)`,
    ],
    [
      "macro-F1 of version 1, after the change",
      "< 0.80",
      `${macroF1.changed.toFixed(4)} (${windows.changed} windows)`,
    ],
    [
      "macro-F1 after recovery",
      "≥ 0.93",
      `${macroF1.recovered.toFixed(4)} (${windows.recovered} windows)`,
    ],
    [
      "federated evaluation against the driver",
      "within 2 points",
      `${(100 * accuracy.federated).toFixed(2)} %, ${(100 * accuracy.recovered).toFixed(2)} %`,
    ],
    [
      "int8 against float, laboratory",
      "within 1 point",
      `${(100 * accuracy.int8).toFixed(2)} %, ${(100 * accuracy.float).toFixed(2)} %`,
    ],
    ["raw bytes crossed", "0", String(result.rawBytesCrossed)],
    [
      "pieces of windows or planted labels in the capture",
      "0",
      `${result.leaks.samples + result.leaks.plantedLabels} of ${result.leaks.sequences} in ${kib(result.leaks.searchedBytes)}`,
    ],
    ["accidents survived", "3", String(result.accidentsSurvived)],
    ["rounds", "", String(result.rounds)],
    [
      "latency idle, p50 and p99",
      "p99 ≤ 25 ms",
      `${ms(latencyMs.p50)}, ${ms(latencyMs.p99)} (${latencyMs.windows.idle} windows)`,
    ],
    [
      "latency while some train, p99",
      "",
      `${ms(latencyMs.p99Training)} (${latencyMs.windows.training} windows)`,
    ],
    [
      "latency while all train, p99",
      "≤ 25 ms",
      `${ms(latencyMs.p99AllTraining)} (${latencyMs.windows.allTraining} windows)`,
    ],
    ["windows that waited for a process", "", String(latencyMs.windows.queued)],
    ["first installation", "≤ 256 KiB", kib(bytes.bundle)],
    ["bytes up, down", "", `${kib(bytes.up)}, ${kib(bytes.down)}`],
    [
      "blobs of the new release: reused, fetched",
      "",
      `${result.blobs.reused} (${kib(result.blobs.reusedBytes)}), ${result.blobs.fetched} (${kib(result.blobs.fetchedBytes)})`,
    ],
    ["backend: inference, training", "", `${result.backend.inference}, ${result.backend.training}`],
    ["by gateway", "", "before → changed → recovered"],
    ...result.gateways.flatMap(({ gateway, link, ...own }): readonly ResultRow[] => [
      [`${gateway} (${link}): accuracy`, "", arrows(own.accuracy)],
      [`${gateway} (${link}): macro-F1`, "", arrows(own.macroF1)],
    ]),
  ];
}

const arrows = ({ released, changed, recovered }: Phased): string =>
  [released, changed, recovered].map((figure) => figure.toFixed(3)).join(" → ");
