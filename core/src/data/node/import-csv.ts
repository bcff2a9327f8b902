import { createReadStream } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { EdgeloopError, hasCode } from "../../platform/errors.ts";
import type { CsvMapping, CsvRecording } from "../csv-recording.ts";
import { csvReader } from "../csv-recording.ts";
import { pathPattern } from "../path-pattern.ts";
import { writeRecording } from "./recording-files.ts";

/** What is imported, and to where. */
export type CsvImport = {
  /** Folder with the CSV files, at any depth. */
  readonly from: string;
  /** Folder for the recordings; it must not exist, or be empty. */
  readonly to: string;
  /** Where attributes stand in a file's path, such as `{subject}/{run}.csv`; other files are skipped. */
  readonly path?: string;
  readonly sensor: string;
  readonly mapping: CsvMapping;
  /** Where the data come from, in words. */
  readonly origin: string;
  readonly progress?: (done: number, files: number) => void;
};

/** What an import found. */
export type CsvImportReport = {
  readonly files: number;
  /** Files that are not of the path's form, relative to `from`. */
  readonly skipped: readonly string[];
  readonly recordings: number;
  readonly rows: number;
  readonly rowsRepeated: number;
  readonly gaps: number;
  /** Rows after resampling. */
  readonly samples: number;
};

/**
 * Turns CSV files into recordings, all or none.
 *
 * @throws `IMPORT_TARGET_NOT_EMPTY`, `IMPORT_EMPTY` when no file is of the path's form, and what {@link csvReader} and
 * {@link pathPattern} throw.
 */
export async function importCsv(job: CsvImport): Promise<CsvImportReport> {
  await checkTarget(job.to);
  const { files, skipped } = await findFiles(job);
  const partial = `${job.to}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    const imported: FileReport[] = [];
    for (const file of files) {
      imported.push(await importFile(job, partial, file));
      job.progress?.(imported.length, files.length);
    }
    await mkdir(partial, { recursive: true });
    await rename(partial, job.to);
    const sum = (pick: (report: FileReport) => number): number =>
      imported.reduce((total, report) => total + pick(report), 0);
    return {
      files: files.length,
      skipped,
      recordings: sum((report) => report.recordings),
      rows: sum((report) => report.rows),
      rowsRepeated: sum((report) => report.rowsRepeated),
      gaps: sum((report) => report.gaps),
      samples: sum((report) => report.samples),
    };
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

type FileReport = Omit<CsvImportReport, "files" | "skipped">;
type FoundFile = { readonly path: string; readonly attributes: Readonly<Record<string, string>> };

async function checkTarget(to: string): Promise<void> {
  const names = await readdir(to).catch((error: unknown): string[] => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  if (names.length === 0) return;
  throw new EdgeloopError("IMPORT_TARGET_NOT_EMPTY", `${to} must be empty or not exist yet`, {
    details: { to },
  });
}

async function findFiles({ from, path }: CsvImport): Promise<{
  readonly files: readonly FoundFile[];
  readonly skipped: readonly string[];
}> {
  const pattern = path === undefined ? undefined : pathPattern(path);
  const entries = await readdir(from, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && /\.csv$/i.test(entry.name))
    .map((entry) => relative(from, join(entry.parentPath, entry.name)).replaceAll(sep, "/"))
    .toSorted();
  const matched = paths.map((name) => ({
    path: name,
    attributes: pattern ? pattern.attributesOf(name) : {},
  }));
  const isFound = (file: (typeof matched)[number]): file is FoundFile =>
    file.attributes !== undefined;
  const files = matched.filter(isFound);
  const skipped = matched.filter((file) => !isFound(file)).map((file) => file.path);
  if (files.length > 0) return { files, skipped };
  throw new EdgeloopError(
    "IMPORT_EMPTY",
    `${from} holds no CSV file${path === undefined ? "" : ` whose path is like ${path}`}`,
    { details: { from, path, skipped: skipped.slice(0, 10) } },
  );
}

async function importFile(job: CsvImport, partial: string, file: FoundFile): Promise<FileReport> {
  const reader = csvReader(job.mapping, file.path);
  for await (const text of createReadStream(join(job.from, file.path), "utf8")) reader.push(text);
  const found = reader.end();
  const folder = join(partial, file.path.replace(/\.csv$/i, ""));
  for (const [index, recording] of found.entries()) {
    const directory = found.length === 1 ? folder : join(folder, String(index));
    await writeRecording(directory, infoOf(job, file, recording), recording, { synced: false });
  }
  const sum = (pick: (recording: CsvRecording) => number): number =>
    found.reduce((total, recording) => total + pick(recording), 0);
  return {
    recordings: found.length,
    rows: sum(({ counters }) => counters.rows),
    rowsRepeated: sum(({ counters }) => counters.rowsRepeated),
    gaps: sum(({ counters }) => counters.gaps),
    samples: sum(({ timesUs }) => timesUs.length),
  };
}

const infoOf = (job: CsvImport, file: FoundFile, recording: CsvRecording) => ({
  sensor: job.sensor,
  channels: job.mapping.channels.map(({ column, name, unit }) => ({ name: name ?? column, unit })),
  rateHz: job.mapping.rateHz,
  origin: `${job.origin}: ${file.path}`,
  attributes: { ...file.attributes, ...recording.attributes },
});
