import { join } from "node:path";
import { fromUtf8 } from "../../platform/bytes.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import { writeFileAtomic } from "../../platform/node/atomic-file.ts";
import type { FileSystem } from "../../platform/node/file-system.ts";
import { sha256Sync } from "../../platform/node/sha256.ts";
import type { Label } from "../label.ts";
import { decodeLabels, decodeRows, encodeLabels, encodeRows } from "../parquet.ts";
import type { Recording, RecordingFile } from "../recording.ts";
import { parseRecording } from "../recording.ts";
import type { LogEntry, LogRows } from "../recording-log.ts";
import { decodeLog } from "../recording-log.ts";
import type { RecordingInfo } from "./recording-files.ts";
import { encodeRecording, labelsName, partName, recordingFileName } from "./recording-files.ts";

/** A folder in which a recording grows. */
export type RecordingFolder = {
  readonly directory: string;
  readonly fileSystem: FileSystem;
};

/** What a log left that was not closed. */
export type LogRemains = {
  readonly entries: readonly LogEntry[];
  /** Bytes of an entry that was being written when the power or the process went. */
  readonly bytesDropped: number;
};

/** The name of the log that becomes the n-th part. */
export const logName = (index: number): string => partName(index).replace(/parquet$/, "log");

/**
 * Begins a recording, or opens the one that is there.
 *
 * @throws `RECORDING_DIFFERS` when the folder holds a recording of something else, `RECORDING_INVALID`.
 */
export async function beginRecording(
  folder: RecordingFolder,
  info: RecordingInfo,
): Promise<Recording> {
  const { directory, fileSystem } = folder;
  await fileSystem.makeDirectory(directory);
  const path = join(directory, recordingFileName);
  if (!(await fileSystem.exists(path))) {
    return await describe(folder, { format: 1, ...info, parts: [] });
  }
  const found = parseRecording(JSON.parse(fromUtf8(await fileSystem.read(path))));
  const field = differs(found, info);
  if (field === undefined) return found;
  throw new EdgeloopError(
    "RECORDING_DIFFERS",
    `${directory} holds a recording with another ${field}; record into a new folder`,
    { details: { directory, field, found: found[field], expected: info[field] } },
  );
}

const sameFields = ["sensor", "channels", "rateHz", "attributes"] as const;

const differs = (a: RecordingInfo, b: RecordingInfo): (typeof sameFields)[number] | undefined =>
  sameFields.find((field) => JSON.stringify(a[field]) !== JSON.stringify(b[field]));

/** Reads the log that was open when the recording was left, and clears away what `recording.json` does not name. */
export async function openLogRemains(
  { directory, fileSystem }: RecordingFolder,
  recording: Recording,
): Promise<LogRemains> {
  const mine = logName(recording.parts.length);
  const named = [mine, ...[...recording.parts, recording.labels].map((file) => file?.file)];
  const names = await fileSystem.list(directory);
  for (const name of names) {
    const isOurs = /^(part|labels)[-\d]*\.(parquet|log)$|\.tmp$/.test(name);
    if (isOurs && !named.includes(name)) await fileSystem.remove(join(directory, name));
  }
  if (!names.includes(mine)) return { entries: [], bytesDropped: 0 };
  const bytes = await fileSystem.read(join(directory, mine));
  const { entries, bytesRead } = decodeLog(bytes, recording.channels.length);
  return { entries, bytesDropped: bytes.length - bytesRead };
}

/**
 * Makes what a log holds the next part. `recording.json` changes between two whole states, so that a cut at any moment
 * leaves either the log or the part to be read.
 */
export async function closePart(
  folder: RecordingFolder,
  recording: Recording,
  entries: readonly LogEntry[],
): Promise<Recording> {
  const rows = entries.filter((entry) => entry.kind === "rows");
  const labels = entries.flatMap((entry) => (entry.kind === "label" ? [entry.label] : []));
  const parts = [...recording.parts];
  if (rows.some(({ timesUs }) => timesUs.length > 0)) {
    parts.push(await writePart(folder, recording, rows));
  }
  const index = recording.parts.length;
  const file = await addLabels(folder, recording, labels);
  const next = await describe(folder, { ...recording, parts, ...(file ? { labels: file } : {}) });
  await dropFiles(folder, [logName(index), ...replaced(recording, next)]);
  return next;
}

/** Gives the labels the name that they have in every whole recording. */
export async function finishLabels(
  folder: RecordingFolder,
  recording: Recording,
): Promise<Recording> {
  const labels = await readLabels(folder, recording);
  const file = await putFile(folder, labelsName, {
    bytes: encodeLabels(labels),
    rows: labels.length,
  });
  const next = await describe(folder, { ...recording, labels: file });
  await dropFiles(folder, replaced(recording, next));
  return next;
}

/** Reads the time of the last row; negative infinity when there is none. */
export async function lastTimeUs(
  { directory, fileSystem }: RecordingFolder,
  recording: Recording,
): Promise<number> {
  const part = recording.parts.at(-1);
  if (!part) return Number.NEGATIVE_INFINITY;
  const { timesUs } = await decodeRows(await fileSystem.read(join(directory, part.file)), []);
  return timesUs.at(-1) ?? Number.NEGATIVE_INFINITY;
}

const replaced = (before: Recording, after: Recording): readonly string[] =>
  before.labels && before.labels.file !== after.labels?.file ? [before.labels.file] : [];

async function describe(folder: RecordingFolder, recording: Recording): Promise<Recording> {
  const { directory, fileSystem } = folder;
  const path = join(directory, recordingFileName);
  await writeFileAtomic(path, encodeRecording(recording), { fileSystem });
  return recording;
}

type Content = { readonly bytes: Uint8Array; readonly rows: number };

async function putFile(
  { directory, fileSystem }: RecordingFolder,
  file: string,
  { bytes, rows }: Content,
): Promise<RecordingFile> {
  await writeFileAtomic(join(directory, file), bytes, { fileSystem });
  return { file, sha256: sha256Sync(bytes), bytes: bytes.length, rows };
}

async function writePart(
  folder: RecordingFolder,
  recording: Recording,
  entries: readonly LogRows[],
): Promise<RecordingFile> {
  const rows = entries.reduce((sum, entry) => sum + entry.timesUs.length, 0);
  const timesUs = new Float64Array(rows);
  const data = new Float32Array(rows * recording.channels.length);
  let at = 0;
  for (const entry of entries) {
    timesUs.set(entry.timesUs, at);
    data.set(entry.data, at * recording.channels.length);
    at += entry.timesUs.length;
  }
  const names = recording.channels.map(({ name }) => name);
  const bytes = encodeRows(names, { timesUs, data });
  return await putFile(folder, partName(recording.parts.length), { bytes, rows });
}

async function addLabels(
  folder: RecordingFolder,
  recording: Recording,
  labels: readonly Label[],
): Promise<RecordingFile | undefined> {
  if (labels.length === 0) return undefined;
  const all = [...(await readLabels(folder, recording)), ...labels];
  // A log that was read once more after a crash gives labels that are there already.
  const distinct = [...new Map(all.map((label) => [JSON.stringify(label), label])).values()];
  const before = /\d+/.exec(recording.labels?.file ?? "");
  const file = labelsNameOf(before ? Number(before[0]) + 1 : 0);
  return await putFile(folder, file, { bytes: encodeLabels(distinct), rows: distinct.length });
}

// Never the name that recording.json has now: between two whole states stands no third.
const labelsNameOf = (index: number): string =>
  labelsName.replace(".", `-${String(index).padStart(5, "0")}.`);

async function readLabels(
  { directory, fileSystem }: RecordingFolder,
  { labels }: Recording,
): Promise<readonly Label[]> {
  return labels ? await decodeLabels(await fileSystem.read(join(directory, labels.file))) : [];
}

async function dropFiles(
  { directory, fileSystem }: RecordingFolder,
  names: readonly string[],
): Promise<void> {
  for (const name of names) await fileSystem.remove(join(directory, name));
}
