// `npm run bench [-- NAME...] [--json]`: runs test/bench/*.bench.ts whose name contains one of the words; without any, all
// but those that take long.
import { readdirSync } from "node:fs";
import { arch, cpus, loadavg, totalmem } from "node:os";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { packageVersion } from "../../core/src/runtime/node/package-version.ts";
import type { Bench, Figure } from "./bench.ts";
import { chosen } from "./bench.ts";

type Outcome = {
  readonly bench: string;
  readonly figures: readonly Figure[];
  /** Why it was not run. */
  readonly skipped?: string;
};

const directory = dirname(fileURLToPath(import.meta.url));
const args = process.argv.slice(2);
const json = args.includes("--json");
const words = args.filter((arg) => !arg.startsWith("--"));
const progress = (text: string): void => (json ? console.error(text) : console.log(text));

async function benches(): Promise<readonly Bench[]> {
  const files = readdirSync(directory).filter((file) => file.endsWith(".bench.ts"));
  const all = await Promise.all(
    files.map(async (file): Promise<Bench> => (await import(`./${file}`)).bench),
  );
  return chosen(all, words);
}

async function machine(): Promise<Readonly<Record<string, string | number>>> {
  const [first] = cpus();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    arch: arch(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    loadBefore: Number(loadavg()[0]?.toFixed(2)),
    node: process.version,
    "onnxruntime-web": (await packageVersion("onnxruntime-web")) ?? "none",
    "onnxruntime-node": (await packageVersion("onnxruntime-node")) ?? "none",
  };
}

const misses = ({ value, atMost, atLeast }: Figure): boolean =>
  Number.isNaN(value) || value > (atMost ?? Infinity) || value < (atLeast ?? -Infinity);

const units = {
  ...{ ratio: "x", us: " us", ms: " ms", s: " s", "per-second": " /s", count: "" },
  ...{ percent: " %", points: " points" },
} as const satisfies Record<Figure["unit"], string>;

/** Shares are compared to a hundredth of a point. */
const isShare = ({ unit }: Figure): boolean => unit === "percent" || unit === "points";

/** Three significant digits, at most two of them behind the point. */
const digitsOf = (value: number): number =>
  Math.max(0, Math.min(2, 2 - Math.floor(Math.log10(Math.abs(value) || 1))));

function line(figure: Figure): string {
  const { label, value, unit, atMost, atLeast } = figure;
  const digits = isShare(figure) ? 2 : digitsOf(value);
  const bounds = [
    atMost === undefined ? [] : [`at most ${atMost.toFixed(digitsOf(atMost))}`],
    atLeast === undefined ? [] : [`at least ${atLeast}`],
  ].flat();
  const verdict =
    bounds.length === 0 ? "" : `  (${bounds.join(", ")}: ${misses(figure) ? "MISSED" : "met"})`;
  return `  ${label.padEnd(58)} ${`${value.toFixed(digits)}${units[unit]}`.padStart(10)}${verdict}`;
}

const about = await machine();
progress(
  Object.entries(about)
    .map(([key, value]) => `${key}: ${value}`)
    .join(" · "),
);
const outcomes: Outcome[] = [];
for (const bench of await benches()) {
  progress(`\n${bench.name}: ${bench.about}`);
  const skipped = bench.missing?.();
  if (skipped !== undefined) {
    progress(`  skipped: ${skipped}`);
    outcomes.push({ bench: bench.name, figures: [], skipped });
    continue;
  }
  const figures = await bench.run();
  for (const figure of figures) progress(line(figure));
  outcomes.push({ bench: bench.name, figures });
}
if (json) console.log(JSON.stringify({ format: 1, machine: about, outcomes }));
if (outcomes.length === 0) {
  console.error(`bench: nothing is called ${words.join(" or ")}; see test/bench/*.bench.ts`);
  process.exitCode = 2;
} else if (outcomes.some(({ figures }) => figures.some(misses))) {
  process.exitCode = 1;
}
