import type { Samples, SensorInfo } from "@edgeloop/core/data";
import { EdgeloopError } from "@edgeloop/core/platform";

/** Bytes before the rows. */
const headBytes = 16;

/** Samples as a microcontroller sends them. */
export type SamplePayload = {
  /** Time of the first row, microseconds UTC. */
  readonly startUs: number;
  readonly channels: number;
  /** Channel units a step. */
  readonly scale: number;
  /** Row-major `[row, channel]`. */
  readonly steps: Int16Array;
};

/**
 * Lays samples out: start (int64), scale (float32), rows and channels (uint16), then int16 rows; little-endian.
 *
 * @throws `SAMPLES_PAYLOAD_INVALID` when the steps are no whole rows or too many.
 */
export function encodeSamples(payload: SamplePayload): Uint8Array {
  const rows = payload.steps.length / payload.channels;
  if (!Number.isInteger(rows) || rows > 0xffff || payload.channels > 0xffff) {
    throw invalid("expected whole rows, at most 65535", { rows, channels: payload.channels });
  }
  const bytes = new Uint8Array(headBytes + 2 * payload.steps.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(payload.startUs), true);
  view.setFloat32(8, payload.scale, true);
  view.setUint16(12, rows, true);
  view.setUint16(14, payload.channels, true);
  payload.steps.forEach((step, at) => {
    view.setInt16(headBytes + 2 * at, step, true);
  });
  return bytes;
}

/**
 * Reads samples and holds them to the sensor's declaration.
 *
 * @throws `SAMPLES_PAYLOAD_INVALID`, `PAYLOAD_CHANNELS`
 */
export function decodeSamples(info: SensorInfo, bytes: Uint8Array): Samples {
  if (bytes.length < headBytes)
    throw invalid("expected a head of 16 bytes", { bytes: bytes.length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const startUs = Number(view.getBigInt64(0, true));
  const scale = view.getFloat32(8, true);
  const [rows, channels] = [view.getUint16(12, true), view.getUint16(14, true)];
  if (channels !== info.channels.length) {
    throw new EdgeloopError(
      "PAYLOAD_CHANNELS",
      `sensor ${info.sensor}: expected ${info.channels.length} channels`,
      {
        details: { channels },
      },
    );
  }
  const whole = bytes.length === headBytes + 2 * rows * channels && rows > 0;
  if (!whole || !Number.isFinite(scale) || !Number.isSafeInteger(startUs) || startUs < 0) {
    throw invalid(
      "expected a start after 1970, a finite scale, and as many rows as the head says",
      {
        rows,
        channels,
        bytes: bytes.length,
      },
    );
  }
  const data = new Float32Array(rows * channels);
  for (let at = 0; at < data.length; at += 1) {
    data[at] = scale * view.getInt16(headBytes + 2 * at, true);
  }
  return { sensor: info.sensor, startUs, data, periodUs: 1e6 / info.rateHz };
}

const invalid = (what: string, details: Readonly<Record<string, unknown>>): EdgeloopError =>
  new EdgeloopError("SAMPLES_PAYLOAD_INVALID", `samples: ${what}`, { details });
