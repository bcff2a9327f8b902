import type { Samples, SensorInfo } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";

/** Bytes of one payload; a packet of 1000 samples of 16 float64 channels has 128,000. */
export const payloadBytesMax: number = 256 * 1024;

/** Rows of one payload. */
export const payloadRowsMax = 100_000;

/**
 * Reads one payload of one sensor.
 *
 * @param payload The bytes as they came.
 * @param receivedUs When they came, microseconds UTC; used when the payload carries no time of its own.
 * @throws `PAYLOAD_OVERSIZED`, `PAYLOAD_MALFORMED`, `PAYLOAD_CHANNELS`, `PAYLOAD_NOT_FINITE`
 */
export type Decode = (payload: Uint8Array, receivedUs: number) => Samples;

/** Units of a time that stands in a payload, in microseconds. */
export const timeUnitsUs = { us: 1, ms: 1e3, s: 1e6 } as const;

/** Names a unit of time. */
export type TimeUnit = keyof typeof timeUnitsUs;

/** Rows read from a payload before they are checked: `[row, channel]` flat, with the times if it has any. */
export type Rows = {
  readonly data: Float32Array;
  /** Time of the first row, or one a row. */
  readonly timesUs: readonly number[];
};

/** Index of the first value that is no finite number; -1 when all are. A plain loop: this is every sample's way. */
function firstNotFinite(values: Float32Array): number {
  for (let index = 0; index < values.length; index += 1) {
    if (!Number.isFinite(values[index])) return index;
  }
  return -1;
}

/**
 * Makes the packet that rows stand for, refusing what no sensor may say.
 *
 * One time: the first row's, and the others follow at the sensor's rate. No time: the last row was taken when the
 * payload came. A time a row: as they are.
 *
 * @throws `PAYLOAD_CHANNELS`, `PAYLOAD_NOT_FINITE`, `PAYLOAD_MALFORMED`
 */
export function samplesOf(info: SensorInfo, rows: Rows, receivedUs: number): Samples {
  const { data, timesUs } = rows;
  const count = data.length / info.channels.length;
  if (!Number.isInteger(count) || count === 0) {
    throw refuse("PAYLOAD_CHANNELS", info, `expected rows of ${info.channels.length} channels`, {
      values: data.length,
    });
  }
  if (count > payloadRowsMax) {
    throw refuse("PAYLOAD_OVERSIZED", info, `expected at most ${payloadRowsMax} rows`, { count });
  }
  const bad = firstNotFinite(data);
  if (bad >= 0) {
    throw refuse("PAYLOAD_NOT_FINITE", info, "expected finite numbers", {
      channel: info.channels[bad % info.channels.length]?.name,
      value: String(data[bad]),
    });
  }
  if (!timesUs.every((time) => Number.isSafeInteger(time) && time >= 0)) {
    throw refuse("PAYLOAD_MALFORMED", info, "expected times after 1970 as numbers", {});
  }
  const periodUs = 1e6 / info.rateHz;
  if (timesUs.length > 1) {
    if (timesUs.length !== count) {
      throw refuse("PAYLOAD_MALFORMED", info, "expected one time, or one a row", { count });
    }
    const times = Float64Array.from(timesUs);
    return { sensor: info.sensor, startUs: times[0] ?? 0, data, timesUs: times };
  }
  const startUs = timesUs[0] ?? receivedUs - Math.round((count - 1) * periodUs);
  return { sensor: info.sensor, startUs, data, periodUs };
}

/** Builds the error of a payload that is refused. */
export const refuse = (
  code: string,
  info: SensorInfo,
  expected: string,
  details: Readonly<Record<string, unknown>>,
): EdgeloopError => new EdgeloopError(code, `sensor ${info.sensor}: ${expected}`, { details });

/**
 * Checks a payload's size before anything reads it.
 *
 * @throws `PAYLOAD_OVERSIZED`
 */
export function checkSize(info: SensorInfo, payload: Uint8Array): void {
  if (payload.length <= payloadBytesMax) return;
  throw refuse("PAYLOAD_OVERSIZED", info, `expected at most ${payloadBytesMax} bytes`, {
    bytes: payload.length,
  });
}
