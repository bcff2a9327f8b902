import type { SensorInfo } from "@edgeloop/core/data";
import { fromUtf8 } from "@edgeloop/core/platform";
import type { Decode, TimeUnit } from "./decoder.ts";
import { checkSize, refuse, samplesOf, timeUnitsUs } from "./decoder.ts";

/** A JSON payload: where each channel's value stands. */
export type JsonFormat = {
  readonly kind: "json";
  /** A path a channel, for example `acceleration.x` or `values[0]`; a list there is a row a member. */
  readonly values: readonly string[];
  /** Path of a list of objects, one a row; the other paths then start in each. */
  readonly rows?: string | undefined;
  readonly time?: { readonly path: string; readonly unit: TimeUnit | "iso" } | undefined;
};

type Path = readonly (string | number)[];

/**
 * Splits a path into its steps.
 *
 * @example
 * jsonPath("$.a.b[2]"); // => ["a", "b", 2]
 */
export function jsonPath(text: string): Path {
  return [...text.replace(/^\$\.?/, "").matchAll(/([^.[\]]+)|\[(\d+)\]/g)].map((step) =>
    step[2] === undefined ? (step[1] ?? "") : Number(step[2]),
  );
}

/** Follows a path through own properties only. */
function at(value: unknown, path: Path): unknown {
  let here = value;
  for (const step of path) {
    if (typeof here !== "object" || here === null || !Object.hasOwn(here, step)) return undefined;
    here = Reflect.get(here, step);
  }
  return here;
}

/**
 * Builds the decoder of a JSON payload.
 *
 * @example
 * const info = { sensor: "s", rateHz: 1, channels: [{ name: "t", unit: "K" }] };
 * const decode = jsonDecoder(info, { kind: "json", values: ["room.t"] });
 * [...decode(new TextEncoder().encode('{"room":{"t":21.5}}'), 0).data]; // => [21.5]
 */
export function jsonDecoder(info: SensorInfo, format: JsonFormat): Decode {
  const values = format.values.map(jsonPath);
  const rows = format.rows === undefined ? undefined : jsonPath(format.rows);
  const time = format.time && { path: jsonPath(format.time.path), unit: format.time.unit };
  return (payload, receivedUs) => {
    checkSize(info, payload);
    const root = parse(info, payload);
    const objects = rows === undefined ? [root] : listOf(info, at(root, rows));
    const data: number[] = [];
    const timesUs: number[] = [];
    for (const object of objects) {
      data.push(
        ...rowsOf(
          info,
          values.map((path) => at(object, path)),
          format.values,
        ),
      );
      if (time) timesUs.push(...timesOf(info, at(object, time.path), time.unit));
    }
    return samplesOf(info, { data: Float32Array.from(data), timesUs }, receivedUs);
  };
}

function parse(info: SensorInfo, payload: Uint8Array): unknown {
  try {
    return JSON.parse(fromUtf8(payload));
  } catch (cause) {
    const error = refuse("PAYLOAD_MALFORMED", info, "expected JSON", {});
    error.cause = cause;
    throw error;
  }
}

function listOf(info: SensorInfo, value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw refuse("PAYLOAD_MALFORMED", info, "expected a list of rows", {});
}

/** Numbers channel by channel, one row when they are single, several when they are lists. */
function rowsOf(info: SensorInfo, found: readonly unknown[], names: readonly string[]): number[] {
  const columns = found.map((value) => (Array.isArray(value) ? value : [value]));
  const count = columns[0]?.length ?? 0;
  return Array.from({ length: count }, (_, row) =>
    columns.map((column, channel) => {
      const value: unknown = column[row];
      if (typeof value === "number" && column.length === count) return value;
      throw refuse("PAYLOAD_CHANNELS", info, `expected a number at ${names[channel]}`, { row });
    }),
  ).flat();
}

function timesOf(info: SensorInfo, value: unknown, unit: TimeUnit | "iso"): number[] {
  return (Array.isArray(value) ? value : [value]).map((time: unknown) => {
    if (unit === "iso" && typeof time === "string") return isoUs(info, time);
    if (unit !== "iso" && typeof time === "number") return Math.round(time * timeUnitsUs[unit]);
    throw refuse("PAYLOAD_MALFORMED", info, `expected a time in ${unit}`, {});
  });
}

const isoPattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,6})\d*)?(Z|[+-]\d\d:\d\d)$/;

/** ISO 8601 with a zone, to the microsecond: `Date` keeps milliseconds. Parsing reads no clock. */
function isoUs(info: SensorInfo, text: string): number {
  const [, seconds, fraction = "", zone] = isoPattern.exec(text) ?? [];
  const ms = seconds === undefined ? Number.NaN : globalThis.Date.parse(`${seconds}${zone}`);
  if (Number.isNaN(ms)) {
    throw refuse("PAYLOAD_MALFORMED", info, "expected an ISO 8601 time with its zone", {});
  }
  return ms * 1000 + Number(fraction.padEnd(6, "0"));
}
