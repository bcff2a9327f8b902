import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { RecordingsResult } from "../../cli/src/demo/recordings/result.ts";
import type { Bench, Figure } from "./bench.ts";

const root = resolve(import.meta.dirname, "..", "..");
const dataset = resolve(root, "..", "shared", "datasets", "har-spsw");
const command = join(root, "cli", "bin", "edgeloop.js");

/** How `edgeloop data import` is told what the files are; the same as in examples/har/README.md. */
const importWords = [
  ...["--path", "{subject}/{subject}_{execution}_{device}.csv", "--sensor", "imu"],
  ...["--rate", "100", "--time", "timestamp:ms", "--label", "label", "--channels"],
  "x_acc=m/s2,y_acc=m/s2,z_acc=m/s2,x_gyro=rad/s,y_gyro=rad/s,z_gyro=rad/s",
];

/** What the project promises on these recordings. */
const bars = { centralPercent: 88.5, federatedDropPoints: 2, int8DropPoints: 1, wallS: 720 };

type Column = { readonly label: string; readonly words: readonly string[]; readonly bar?: number };

/** The columns of the README's table. */
const columns: readonly Column[] = [
  { label: "phone", words: ["--where", "device=sp"], bar: bars.centralPercent },
  { label: "watch", words: ["--where", "device=sw"], bar: bars.centralPercent },
  {
    label: "phones to watches",
    words: ["--laboratory-where", "device=sp", "--where", "device=sw"],
  },
];

export const bench: Bench = {
  name: "har",
  about:
    "recordings of people (../shared/datasets/har-spsw): people held out, mean over five folds",
  isLong: true,
  missing: () =>
    existsSync(dataset) ? undefined : `${dataset} is not there; see examples/har/README.md`,
  run() {
    const directory = mkdtempSync(join(tmpdir(), "edgeloop-har-"));
    try {
      const data = join(directory, "har");
      edgeloop(["data", "import", dataset, "--to", data, ...importWords]);
      const figures: Figure[] = [];
      for (const column of columns) {
        const from = ["demo", "--recordings", data, ...column.words, "--group-by", "subject"];
        const result = edgeloop([...from, "--json", "-o", join(directory, "out")]);
        figures.push(...harFigures(column, JSON.parse(result)));
      }
      return Promise.resolve(figures);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  },
};

/** Compares one column with what is promised. A drop below zero is a gain. */
export function harFigures(
  { label, bar }: Pick<Column, "label" | "bar">,
  { accuracy, rawBytesCrossed, wallS }: RecordingsResult,
): readonly Figure[] {
  const percent = (what: string, share: number): Figure => ({
    ...{ label: `${label}: ${what}`, value: 100 * share, unit: "percent" },
  });
  const drop = (what: string, { from, to }: { from: number; to: number }, atMost: number) =>
    ({ label: `${label}: ${what}`, value: 100 * (from - to), unit: "points", atMost }) as const;
  const { central, centralInt8, laboratory, federated, float, int8 } = accuracy;
  const { federatedDropPoints, int8DropPoints } = bars;
  return [
    { ...percent("in one place", central), ...(bar === undefined ? {} : { atLeast: bar }) },
    percent("laboratory alone", laboratory),
    percent("federated", federated),
    percent("federated, int8", int8),
    drop("one place over federated", { from: central, to: federated }, federatedDropPoints),
    drop("federated, float over int8", { from: float, to: int8 }, int8DropPoints),
    drop("one place, float over int8", { from: central, to: centralInt8 }, int8DropPoints),
    { label: `${label}: raw bytes crossed`, value: rawBytesCrossed, unit: "count", atMost: 0 },
    { label: `${label}: time`, value: wallS, unit: "s", atMost: bars.wallS },
  ];
}

/** Runs a command, whose progress shows, and gives what it prints. */
const edgeloop = (words: readonly string[]): string =>
  execFileSync(process.execPath, [command, ...words], {
    ...{ cwd: root, encoding: "utf8", maxBuffer: 64 * 1024 ** 2 },
    stdio: ["ignore", "pipe", "inherit"],
  });
