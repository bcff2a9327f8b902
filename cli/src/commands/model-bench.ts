import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { decideBackend } from "@edgeloop/core/runtime";
import {
  backends,
  candidatesOf,
  differenceLimitOf,
  fileMemory,
  installLine,
} from "@edgeloop/core/runtime/node";
import type { Context, Run } from "../command.ts";
import { runCommand } from "../command-line.ts";
import { parseBackend } from "../model/backend.ts";
import type { BenchRow } from "../model/bench-rows.ts";
import { benchTable, trialsOf } from "../model/bench-rows.ts";
import type { Measurement } from "../model/measure.ts";
import { measure } from "../model/measure.ts";
import type { ModelSource } from "../model/open-model.ts";
import { choiceKeyOf, choicesFile, modelSource, openSource } from "../model/open-model.ts";
import { readTensors, writeTensors } from "../model/tensor-file.ts";
import { integerOption, optionalText } from "../options.ts";
import { table } from "../table.ts";

/**
 * Measures a model on every backend that is here, each in a process of its own, and says what `auto` would choose.
 *
 * With `--backend` it measures that one alone, in this process.
 *
 * @throws `FILE_MISSING`, `USAGE`, and with `--backend` what opening and running a session throws.
 */
export const run: Run = async (context, [model = ""], options) => {
  const batch = integerOption(options, "batch", { min: 1, max: 65_536, fallback: 1 });
  const named = optionalText(options, "backend");
  const cores = availableParallelism();
  const most = named === undefined ? cores : 1;
  const threads = integerOption(options, "threads", { min: 1, max: 256, fallback: most });
  const source = await modelSource(model);
  if (named !== undefined) {
    const results = optionalText(options, "results");
    return await measureHere(source, { ...{ named, threads, batch }, results }, context);
  }
  const rows = await measureAll({ model, threads, batch }, context);
  const trials = trialsOf(rows, await limitOf(source));
  const choice = decideBackend(trials);
  const ran = rows.some(({ kind }) => kind === "measured");
  if (!ran) context.fail("MODEL_UNSUPPORTED", `nothing here runs ${model}`);
  if (ran && batch === 1) {
    await fileMemory(choicesFile()).write(await choiceKeyOf(source.bytes), choice);
  }
  for (const line of table(benchTable(rows, trials))) context.say(line);
  const { backend, why } = choice;
  context.say(`auto: ${backend}, ${count(choice.threads)}: ${why}`);
  const shown = rows.map(({ ...row }) => ("results" in row ? { ...row, results: undefined } : row));
  return { format: 1, batch, rows: shown, auto: { backend, threads: choice.threads, why } };
};

const count = (threads: number): string => (threads === 1 ? "1 thread" : `${threads} threads`);

type Alone = {
  readonly named: string;
  readonly threads: number;
  readonly batch: number;
  readonly results: string | undefined;
};

async function measureHere(
  source: ModelSource,
  { named, threads, batch, results: file }: Alone,
  { say }: Context,
): Promise<Readonly<Record<string, unknown>>> {
  const asked = parseBackend(named);
  const backend = asked === "auto" ? "wasm" : asked;
  const open = (): ReturnType<typeof openSource> => openSource(source, { backend, threads });
  const { measurement, results } = await measure({ backend, threads, batch, open });
  if (file !== undefined) await writeTensors(file, new Map(Object.entries(results)));
  const row: BenchRow = { kind: "measured", ...measurement, results };
  for (const line of table(benchTable([row], []))) say(line);
  return { format: 1, batch, measurement };
}

type Plan = {
  readonly model: string;
  readonly threads: number;
  readonly batch: number;
};

async function measureAll(plan: Plan, context: Context): Promise<readonly BenchRow[]> {
  const folder = await mkdtemp(join(tmpdir(), "edgeloop-bench-"));
  try {
    const rows: BenchRow[] = [];
    const over = new Set<Backend>();
    for (const candidate of candidatesOf(plan.threads)) {
      if (over.has(candidate.backend)) continue;
      const row =
        (await missingRow(candidate.backend)) ??
        (await measureInChild(candidate, plan, { folder, context }));
      rows.push(row);
      // What does not run with one thread does not with two.
      if (row.kind !== "measured") over.add(candidate.backend);
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Why there is nothing to measure, if so. */
async function missingRow(backend: Backend): Promise<BenchRow | undefined> {
  const probe = await backends[backend].probe({});
  if (probe.kind === "available") return undefined;
  return { kind: "unavailable", backend, why: probe.reason, install: installLine(backend) };
}

async function measureInChild(
  { backend, threads }: { readonly backend: Backend; readonly threads: number },
  { model, batch }: Plan,
  { folder, context }: { readonly folder: string; readonly context: Context },
): Promise<BenchRow> {
  const file = join(folder, `${backend}-${threads}.safetensors`);
  context.progress(`measuring ${backend}, ${count(threads)}`);
  const words = ["--backend", backend, "--threads", `${threads}`, "--batch", `${batch}`];
  try {
    const { signal } = context;
    const answer = await runCommand(["model", "bench", model, ...words, "--results", file], {
      cwd: process.cwd(),
      signal,
    });
    const results = Object.fromEntries(await readTensors(file));
    return { kind: "measured", ...(answer["measurement"] as Measurement), results };
  } catch (error) {
    if (context.signal.aborted) throw error;
    const why = messageOf(error).replace(/^edgeloop model bench failed: (edgeloop: )?/, "");
    return { kind: "failed", backend, threads, why };
  }
}

/** A model that cannot be read as a graph may be quantized. */
async function limitOf(source: ModelSource): Promise<number> {
  return await source.for("wasm").then(differenceLimitOf, () => differenceLimitOf(source.bytes));
}
