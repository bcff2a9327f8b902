import type { Tensors } from "@edgeloop/core/graph";
import type { Backend, Trial } from "@edgeloop/core/runtime";
import { largestDifference } from "@edgeloop/core/runtime";
import type { Measurement } from "./measure.ts";

/** One line of the bench: a backend with a number of threads, or why there is no measurement of it. */
export type BenchRow =
  | ({ readonly kind: "measured"; readonly results: Tensors } & Measurement)
  | {
      readonly kind: "failed";
      readonly backend: Backend;
      readonly threads: number;
      readonly why: string;
    }
  | {
      readonly kind: "unavailable";
      readonly backend: Backend;
      readonly why: string;
      /** The line that makes it available. */
      readonly install: string;
    };

type Measured = Extract<BenchRow, { readonly kind: "measured" }>;

/**
 * Compares the results of all rows with the reference's: wasm's with one thread, or else the first that there are.
 *
 * @returns What `decideBackend` takes: the reference first.
 */
export function trialsOf(rows: readonly BenchRow[], differenceMax: number): readonly Trial[] {
  const measured = rows.filter((row) => row.kind === "measured");
  const isWasm = ({ backend, threads }: Measured): boolean => backend === "wasm" && threads === 1;
  const reference = measured.find(isWasm) ?? measured[0];
  const others = rows.filter((row) => row !== reference);
  return [...(reference === undefined ? [] : [reference]), ...others].map((row) =>
    trialOf(row, reference?.results ?? {}, differenceMax),
  );
}

function trialOf(row: BenchRow, expected: Tensors, differenceMax: number): Trial {
  if (row.kind === "unavailable") {
    return { kind: "unavailable", backend: row.backend, threads: 1, why: row.why };
  }
  const { backend, threads } = row;
  if (row.kind === "failed") return { kind: "failed", backend, threads, why: row.why };
  const difference = largestDifference(expected, row.results);
  return difference <= differenceMax
    ? { kind: "right", backend, threads, medianUs: row.p50Us, difference }
    : { kind: "wrong", backend, threads, difference };
}

/** Sets rows as the lines of a table: the figures, or the reason. */
export const benchTable = (
  rows: readonly BenchRow[],
  trials: readonly Trial[],
): readonly (readonly (string | number)[])[] => [
  ["backend", "threads", "p50", "p99", "start", "memory", ""],
  ...rows.map((row) => {
    if (row.kind === "unavailable") {
      return [row.backend, "", "", "", "", "", `not here: ${row.why}: ${row.install}`];
    }
    if (row.kind === "failed") {
      return [row.backend, row.threads, "", "", "", "", `failed: ${row.why}`];
    }
    return [
      row.backend,
      row.threads,
      `${us(row.p50Us)} us`,
      `${us(row.p99Us)} us`,
      `${row.startMs.toFixed(0)} ms`,
      `${row.memoryMiB.toFixed(0)} MiB`,
      noteOf(row, trials),
    ];
  }),
];

function noteOf(row: Measured, trials: readonly Trial[]): string {
  const trial = trials.find(
    ({ backend, threads }) => backend === row.backend && threads === row.threads,
  );
  if (trial?.kind !== "wrong") return "";
  return `wrong here: differs by ${trial.difference.toPrecision(2)} of the largest output`;
}

const us = (value: number): string => (value < 100 ? value.toFixed(1) : value.toFixed(0));
