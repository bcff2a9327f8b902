import { EdgeloopError } from "../platform/errors.ts";
import type { Sha256 } from "../platform/ids.ts";
import { isSha256 } from "../platform/ids.ts";
import type { Label } from "./label.ts";
import type { ChannelInfo, SensorInfo } from "./samples.ts";

/** A file of a recording, beside its `recording.json`. */
export type RecordingFile = {
  readonly file: string;
  readonly sha256: Sha256;
  readonly bytes: number;
  readonly rows: number;
};

/** What `recording.json` holds: one continuous stream of one sensor. */
export type Recording = SensorInfo & {
  readonly format: 1;
  /** Where it came from, in words. */
  readonly origin: string;
  /** What is true of all of it: which person, machine, device, site. */
  readonly attributes: Readonly<Record<string, string>>;
  /** Parquet files in order of time: `time` in microseconds UTC, a float32 column a channel. */
  readonly parts: readonly RecordingFile[];
  /** Parquet file of labels: `startUs`, `endUs`, `label`, `by`. */
  readonly labels?: RecordingFile;
};

/** The samples and labels of a recording. */
export type RecordingContent = {
  /** Microseconds UTC, one a row, ascending. */
  readonly timesUs: Float64Array;
  /** Row-major `[time, channel]`. */
  readonly data: Float32Array;
  readonly labels: readonly Label[];
};

/**
 * Reads what `recording.json` holds.
 *
 * @throws `RECORDING_INVALID` naming the field and what was expected, `FORMAT_UNKNOWN` on a format of a later version.
 */
export function parseRecording(input: unknown): Recording {
  const raw = object(input, "recording.json");
  if (typeof raw["format"] === "number" && raw["format"] > 1) {
    throw new EdgeloopError("FORMAT_UNKNOWN", "the recording was written by a later version", {
      details: { format: raw["format"] },
    });
  }
  if (raw["format"] !== 1) throw invalid("format", "1");
  const labels = raw["labels"];
  return {
    format: 1,
    sensor: text(raw["sensor"], "sensor"),
    channels: list(raw["channels"], "channels").map(channel),
    rateHz: positive(raw["rateHz"], "rateHz"),
    origin: text(raw["origin"], "origin"),
    attributes: attributes(raw["attributes"]),
    parts: list(raw["parts"], "parts").map((part, index) => file(part, `parts[${index}]`)),
    ...(labels === undefined ? {} : { labels: file(labels, "labels") }),
  };
}

const invalid = (field: string, expected: string): EdgeloopError =>
  new EdgeloopError("RECORDING_INVALID", `recording.json: ${field} must be ${expected}`, {
    details: { field, expected },
  });

type Raw = Readonly<Record<string, unknown>>;

function object(input: unknown, field: string): Raw {
  if (typeof input === "object" && input !== null && !Array.isArray(input)) return input as Raw;
  throw invalid(field, "an object");
}

function list(input: unknown, field: string): readonly unknown[] {
  if (Array.isArray(input)) return input;
  throw invalid(field, "a list");
}

function text(input: unknown, field: string): string {
  if (typeof input === "string") return input;
  throw invalid(field, "text");
}

function positive(input: unknown, field: string): number {
  if (typeof input === "number" && Number.isFinite(input) && input > 0) return input;
  throw invalid(field, "a positive number");
}

function count(input: unknown, field: string): number {
  if (typeof input === "number" && Number.isSafeInteger(input) && input >= 0) return input;
  throw invalid(field, "a whole number");
}

function channel(input: unknown, index: number): ChannelInfo {
  const raw = object(input, `channels[${index}]`);
  return {
    name: text(raw["name"], `channels[${index}].name`),
    unit: text(raw["unit"], `channels[${index}].unit`),
  };
}

function attributes(input: unknown): Readonly<Record<string, string>> {
  const entries = Object.entries(object(input, "attributes"));
  return Object.fromEntries(
    entries.map(([name, value]) => [name, text(value, `attributes.${name}`)]),
  );
}

function file(input: unknown, field: string): RecordingFile {
  const raw = object(input, field);
  const name = text(raw["file"], `${field}.file`);
  // A recording may come from anywhere: its files lie beside it, nowhere else.
  if (!/^[a-z0-9][a-z0-9.-]*\.parquet$/.test(name)) {
    throw invalid(`${field}.file`, "a .parquet file in the recording's own folder");
  }
  if (!isSha256(raw["sha256"])) throw invalid(`${field}.sha256`, "64 hexadecimal digits");
  return {
    file: name,
    sha256: raw["sha256"],
    bytes: count(raw["bytes"], `${field}.bytes`),
    rows: count(raw["rows"], `${field}.rows`),
  };
}
