import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fromUtf8, utf8 } from "../../platform/bytes.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import { writeFileAtomic } from "../../platform/node/atomic-file.ts";
import { sha256Sync } from "../../platform/node/sha256.ts";
import { packets } from "../packets.ts";
import { decodeLabels, decodeRows, encodeLabels, encodeRows } from "../parquet.ts";
import type { Recording, RecordingContent, RecordingFile } from "../recording.ts";
import { parseRecording } from "../recording.ts";
import type { Samples } from "../samples.ts";

/** The name of the file that describes a recording. */
export const recordingFileName = "recording.json";

/** What a recording is about: all that its files do not say themselves. */
export type RecordingInfo = Omit<Recording, "format" | "parts" | "labels">;

/**
 * Writes a whole recording.
 *
 * `recording.json` comes last: a folder without it is no recording.
 *
 * @param options `synced: false` leaves it to the system when bytes reach the disk, as is right for what can be imported
 * again.
 */
export async function writeRecording(
  directory: string,
  info: RecordingInfo,
  content: RecordingContent,
  { synced = true }: { readonly synced?: boolean } = {},
): Promise<Recording> {
  await mkdir(directory, { recursive: true });
  const write = synced ? writeFileAtomic : writeFile;
  const put = async (file: string, bytes: Uint8Array, rows: number): Promise<RecordingFile> => {
    await write(join(directory, file), bytes);
    return { file, sha256: sha256Sync(bytes), bytes: bytes.length, rows };
  };
  const names = info.channels.map(({ name }) => name);
  const part = await put(partName(0), encodeRows(names, content), content.timesUs.length);
  const { labels } = content;
  const labelFile = await put(labelsName, encodeLabels(labels), labels.length);
  const recording: Recording = { format: 1, ...info, parts: [part], labels: labelFile };
  await write(join(directory, recordingFileName), encodeRecording(recording));
  return recording;
}

/** The name of the n-th part. */
export const partName = (index: number): string => `part-${String(index).padStart(5, "0")}.parquet`;

/** The name of the file of labels. */
export const labelsName = "labels.parquet";

/** Writes `recording.json`, for people to read. */
export const encodeRecording = (recording: Recording): Uint8Array =>
  utf8(`${JSON.stringify(recording, null, 2)}\n`);

/** A recording and where it lies. */
export type StoredRecording = { readonly directory: string; readonly recording: Recording };

/**
 * Reads `recording.json` of a folder.
 *
 * @throws `RECORDING_INVALID`, `FORMAT_UNKNOWN`, `ENOENT`.
 */
export async function openRecording(directory: string): Promise<StoredRecording> {
  const path = join(directory, recordingFileName);
  const json = parseJson(fromUtf8(await readFile(path)), path);
  return { directory, recording: parseRecording(json) };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw noJson(path, error);
  }
}

const noJson = (path: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("RECORDING_INVALID", `${path} must be JSON`, { details: { path }, cause });

/**
 * Reads all of a recording into memory and verifies it.
 *
 * @throws `RECORDING_DAMAGED` when a file is not the one that `recording.json` names.
 */
export async function readRecording(
  directory: string,
): Promise<RecordingContent & { readonly recording: Recording }> {
  const { recording } = await openRecording(directory);
  const names = recording.channels.map(({ name }) => name);
  const rows = recording.parts.reduce((sum, part) => sum + part.rows, 0);
  const timesUs = new Float64Array(rows);
  const data = new Float32Array(rows * names.length);
  let at = 0;
  for (const part of recording.parts) {
    const decoded = await decodeRows(await readVerified(directory, part), names);
    timesUs.set(decoded.timesUs, at);
    data.set(decoded.data, at * names.length);
    at += part.rows;
  }
  const file = recording.labels;
  const labels = file ? await decodeLabels(await readVerified(directory, file)) : [];
  return { recording, timesUs, data, labels };
}

async function readVerified(directory: string, expected: RecordingFile): Promise<Uint8Array> {
  const path = join(directory, expected.file);
  const bytes = await readFile(path);
  if (bytes.length === expected.bytes && sha256Sync(bytes) === expected.sha256) return bytes;
  throw new EdgeloopError("RECORDING_DAMAGED", `${path} is not the file that was recorded`, {
    details: { path, expected },
  });
}

/**
 * Streams a recording packet by packet, a part in memory at a time.
 *
 * @param rowsPerPacket Rows in a packet at most; see {@link packets}.
 * @throws `RECORDING_DAMAGED`
 */
export async function* recordingSamples(
  directory: string,
  rowsPerPacket = 100,
): AsyncGenerator<Samples> {
  const { recording } = await openRecording(directory);
  const names = recording.channels.map(({ name }) => name);
  for (const part of recording.parts) {
    const rows = await decodeRows(await readVerified(directory, part), names);
    yield* packets(recording, rows, rowsPerPacket);
  }
}

/**
 * Finds the recordings below a folder, in the order of their paths.
 *
 * @throws `DATASET_EMPTY` when there is none.
 */
export async function listDataset(directory: string): Promise<readonly StoredRecording[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const folders = entries
    .filter((entry) => entry.isFile() && entry.name === recordingFileName)
    .map((entry) => entry.parentPath)
    .toSorted();
  if (folders.length === 0) {
    throw new EdgeloopError(
      "DATASET_EMPTY",
      `${directory} holds no recording; make some with: edgeloop data import`,
      { details: { directory } },
    );
  }
  return await Promise.all(folders.map(openRecording));
}
