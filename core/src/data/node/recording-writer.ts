import { join } from "node:path";
import type { Clock } from "../../platform/clock.ts";
import type { FileSystem } from "../../platform/node/file-system.ts";
import { nodeFileSystem } from "../../platform/node/file-system.ts";
import type { Label } from "../label.ts";
import { newRows } from "../new-rows.ts";
import type { Recording } from "../recording.ts";
import type { LogEntry } from "../recording-log.ts";
import { decodeLog } from "../recording-log.ts";
import type { Samples } from "../samples.ts";
import type { SamplesRefusal } from "../samples-refusal.ts";
import { inspectSamples } from "../samples-refusal.ts";
import type { GrowingLog } from "./growing-log.ts";
import { beginLog } from "./growing-log.ts";
import type { RecordingInfo } from "./recording-files.ts";
import type { RecordingFolder } from "./recording-parts.ts";
import {
  beginRecording,
  closePart,
  finishLabels,
  lastTimeUs,
  logName,
  openLogRemains,
} from "./recording-parts.ts";

/** What a writer did so far. */
export type RecordingCounters = {
  /** Rows that were taken. */
  readonly rows: number;
  /** Rows whose time was there already. */
  readonly rowsRepeated: number;
  /** Packets that were refused. */
  readonly refused: number;
  /** Rows that a log held when the recording was left without being closed. */
  readonly rowsRecovered: number;
  /** Bytes of a torn entry at the end of that log. */
  readonly bytesDropped: number;
};

/** Writes one stream of one sensor as it comes. */
export type RecordingWriter = {
  /**
   * Takes a packet; resolves when it is in the log, from where the end of the process cannot take it. A power cut may
   * take what came after the last sync.
   *
   * @returns Why the packet was refused; `undefined` when it was taken.
   */
  append(samples: Samples): Promise<SamplesRefusal | undefined>;
  /** Takes a label; resolves when it is on disk. */
  label(label: Label): Promise<void>;
  readonly counters: RecordingCounters;
  /** Closes the log into a part. The recording is whole then. */
  close(): Promise<Recording>;
};

/** How a recording is written. */
export type RecordingWriterOptions = {
  readonly clock: Clock;
  /** Rows after which a log becomes a Parquet file; they are in memory once while that happens. */
  readonly rowsPerPart?: number;
  /** Longest time that rows stay unsynced while packets come. */
  readonly syncIntervalMs?: number;
  readonly fileSystem?: FileSystem;
};

/** Five minutes of 1 kHz. */
const rowsPerPartDefault = 300_000;
const syncIntervalMsDefault = 1000;

/**
 * Opens a recording for writing: a new one, or the one that the folder holds, which is then continued.
 *
 * Packets go to a checksummed log that is closed into Parquet parts. A log that a crash left is read up to its last
 * whole entry and closed first.
 *
 * @throws `RECORDING_DIFFERS` when the folder holds a recording of something else, `RECORDING_INVALID`.
 */
export async function createRecordingWriter(
  directory: string,
  info: RecordingInfo,
  options: RecordingWriterOptions,
): Promise<RecordingWriter> {
  const { fileSystem = nodeFileSystem, rowsPerPart = rowsPerPartDefault } = options;
  const keeper = await openKeeper({ directory, fileSystem }, info, options);
  const channels = info.channels.length;
  const gridUs = 1e6 / info.rateHz;
  let lastUs = keeper.lastUs;
  const counters = { rows: 0, rowsRepeated: 0, refused: 0, ...keeper.recovered };
  const append = async (samples: Samples): Promise<SamplesRefusal | undefined> => {
    const next = lastUs / gridUs + 1;
    const refusal = inspectSamples(samples, { channels, gridUs, next, lastUs });
    if (refusal) {
      counters.refused += 1;
      return refusal;
    }
    const { repeated, ...rows } = newRows(samples, { channels, lastUs });
    counters.rowsRepeated += repeated;
    counters.rows += rows.timesUs.length;
    lastUs = rows.timesUs.at(-1) ?? lastUs;
    if (rows.timesUs.length > 0) await keeper.append({ kind: "rows", ...rows });
    if (keeper.rows() >= rowsPerPart) await keeper.rotate();
    return undefined;
  };
  const alone = oneAtATime();
  return {
    get counters() {
      return counters;
    },
    append: (samples) => alone(() => append(samples)),
    label: (label) => alone(() => keeper.append({ kind: "label", label }, "synced")),
    close: () => alone(() => keeper.finish()),
  };
}

/** What turns entries into parts. */
type Keeper = {
  readonly lastUs: number;
  readonly recovered: Pick<RecordingCounters, "rowsRecovered" | "bytesDropped">;
  /** Rows in the open log. */
  rows(): number;
  append(entry: LogEntry, synced?: "synced"): Promise<void>;
  rotate(): Promise<void>;
  finish(): Promise<Recording>;
};

async function openKeeper(
  folder: RecordingFolder,
  info: RecordingInfo,
  { clock, syncIntervalMs = syncIntervalMsDefault }: RecordingWriterOptions,
): Promise<Keeper> {
  const { directory, fileSystem } = folder;
  let recording = await beginRecording(folder, info);
  const { entries: left, bytesDropped } = await openLogRemains(folder, recording);
  if (left.length > 0) recording = await closePart(folder, recording, left);
  let log: GrowingLog | undefined;
  const rotate = async (): Promise<void> => {
    if (!log) return;
    await log.close();
    const { entries } = decodeLog(await fileSystem.read(log.path), info.channels.length);
    log = undefined;
    recording = await closePart(folder, recording, entries);
  };
  return {
    lastUs: await lastTimeUs(folder, recording),
    recovered: { rowsRecovered: rowsIn(left), bytesDropped },
    rows: () => log?.rows ?? 0,
    async append(entry, synced) {
      const path = join(directory, logName(recording.parts.length));
      log ??= await beginLog(path, { clock, syncIntervalMs, fileSystem });
      await log.append(entry, synced);
    },
    rotate,
    async finish() {
      await rotate();
      recording = await finishLabels(folder, recording);
      return recording;
    },
  };
}

const rowsIn = (entries: readonly LogEntry[]): number =>
  entries.reduce((sum, entry) => sum + (entry.kind === "rows" ? entry.timesUs.length : 0), 0);

/** A label may come while a packet is being written. */
function oneAtATime(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(work);
    last = mine.catch(() => undefined);
    return mine;
  };
}
