import type { ResultRow } from "../report/report-state.ts";
import type { LiveLatency } from "./live-figures.ts";
import type { MacroF1 } from "./macro-f1.ts";
import type { RecordingsResult } from "./result.ts";

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;

/** Lays the result out as the table that is printed and shown. */
export function recordingsRows(result: RecordingsResult): readonly ResultRow[] {
  const { accuracy, folds, macroF1, latencyMs, leaks, bytes, published } = result;
  const kib = (value: number): string => `${(value / 1024).toFixed(1)} KiB`;
  return [
    ["accuracy, trained in one place", "", percent(accuracy.central)],
    ["accuracy, laboratory alone", "", percent(accuracy.laboratory)],
    [
      "accuracy, federated",
      "within 2 points of one place",
      `${percent(accuracy.federated)} (${points(accuracy.federated - accuracy.central)})`,
    ],
    [
      "accuracy, federated, int8",
      "within 1 point of float",
      `${percent(accuracy.int8)} (${points(accuracy.int8 - accuracy.float)})`,
    ],
    [
      "accuracy, one place, int8",
      "within 1 point of float",
      `${percent(accuracy.centralInt8)} (${points(accuracy.centralInt8 - accuracy.central)})`,
    ],
    ["macro-F1, int8", "", scores(macroF1)],
    ["latency p99 while nobody, somebody, everybody trains", "", tails(latencyMs)],
    ["raw bytes crossed", "0", String(result.rawBytesCrossed)],
    [
      "pieces of windows or planted labels in the capture",
      "0",
      `${leaks.samples + leaks.plantedLabels} of ${leaks.sequences} sequences in ${kib(leaks.searchedBytes)}`,
    ],
    ["rounds", "", String(result.rounds)],
    [
      "published predictions on the gateways' own windows",
      "",
      `${percent(published.before)}, after the rounds ${percent(published.after)}`,
    ],
    ["first installation", "≤ 256 KiB", kib(bytes.bundle)],
    ["bytes up, down", "", `${kib(bytes.up)}, ${kib(bytes.down)}`],
    ["backend", "", result.backend],
    ["time", "", `${Math.round(result.wallS)} s`],
    ...folds.map(
      (fold, index): ResultRow => [
        `fold ${index + 1}${fold.live ? " (live)" : ""}: one place, laboratory, federated, int8`,
        fold.people.held.join(" "),
        [fold.central, fold.laboratory, fold.federated, fold.int8].map(percent).join(", "),
      ],
    ),
  ];
}

const points = (difference: number): string =>
  `${difference >= 0 ? "+" : "−"}${Math.abs(100 * difference).toFixed(2)} points`;

const scores = ({ released, changed, recovered }: MacroF1): string =>
  Object.entries({ released, changed, recovered })
    .flatMap(([name, value]) => (value === null ? [] : `${name} ${value.toFixed(4)}`))
    .join(", ");

const tails = ({ p99, p99Training, p99AllTraining }: LiveLatency): string =>
  [p99, p99Training, p99AllTraining]
    .map((ms) => (ms === null ? "not seen" : `${ms.toFixed(1)} ms`))
    .join(", ");
