import type { Label, Recording, RecordingContent, Samples, WindowSpec } from "@edgeloop/core/data";
import { createWindower, labelFor, packets } from "@edgeloop/core/data";

/** Sensor time at which replays begin: 2025-01-01 UTC. */
export const replayEpochUs: number = Date.UTC(2025, 0, 1) * 1000;

/** Sensor time between two recordings of one person: no window spans it. */
const pauseUs = 10_000_000;

/** Rows of a packet. */
const packetRows = 50;

/** One packet of a replay and the windows that it completes. */
export type ReplayPacket = {
  readonly samples: Samples;
  /** Ends of the windows whose last sample is in this packet, and what is true in them. */
  readonly windows: readonly { readonly endUs: number; readonly label: string | undefined }[];
};

/** One person's recordings on one schedule. */
export type Replay = {
  readonly packets: readonly ReplayPacket[];
  readonly labels: readonly Label[];
  readonly endUs: number;
};

/** A recording with its samples. */
export type LoadedRecording = { readonly recording: Recording; readonly content: RecordingContent };

/**
 * Puts recordings one after the other on a schedule that begins at a given sensor time.
 *
 * Each is moved by a whole number of hops, so that the same windows are cut from it as without the move.
 */
export function scheduleReplay(
  recordings: readonly LoadedRecording[],
  spec: WindowSpec,
  startUs: number,
): Replay {
  const hopUs = (spec.hopSamples * 1e6) / spec.rateHz;
  let atUs = startUs;
  const list: ReplayPacket[] = [];
  const labels: Label[] = [];
  for (const { recording, content } of recordings) {
    const firstUs = content.timesUs[0] ?? 0;
    const shiftUs = Math.round(Math.ceil((atUs - firstUs) / hopUs) * hopUs);
    const moved = {
      timesUs: content.timesUs.map((timeUs) => timeUs + shiftUs),
      data: content.data,
      labels: content.labels.map((label) => ({
        ...label,
        startUs: label.startUs + shiftUs,
        endUs: label.endUs + shiftUs,
      })),
    };
    list.push(...packetsOf(recording, spec, moved));
    labels.push(...moved.labels);
    atUs = (moved.timesUs.at(-1) ?? atUs) + pauseUs;
  }
  return { packets: list, labels, endUs: atUs };
}

function packetsOf(
  recording: Recording,
  spec: WindowSpec,
  { timesUs, data, labels }: RecordingContent,
): readonly ReplayPacket[] {
  const windower = createWindower(recording, spec);
  const spanUs = Math.round((spec.lengthSamples * 1e6) / spec.rateHz);
  return [...packets(recording, { timesUs, data }, packetRows)].flatMap(rowsOf).map((samples) => ({
    samples,
    windows: windower.push(samples).windows.map((window) => ({
      endUs: window.startUs + spanUs,
      label: labelFor(window, spec, labels),
    })),
  }));
}

/** A packed payload has one time: rows without a common period travel one by one. */
function rowsOf(samples: Samples): readonly Samples[] {
  if (samples.timesUs === undefined) return [samples];
  const { sensor, timesUs, data } = samples;
  const width = data.length / timesUs.length;
  return Array.from(timesUs, (startUs, row) => ({
    sensor,
    startUs,
    timesUs: Float64Array.of(startUs),
    data: data.slice(row * width, (row + 1) * width),
  }));
}

/** Packs samples as the sensor sends them: the time of the first row in microseconds, then float32 rows. */
export function packSamples({ startUs, data }: Samples): Uint8Array {
  const bytes = new Uint8Array(8 + 4 * data.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(startUs), true);
  data.forEach((value, index) => {
    view.setFloat32(8 + 4 * index, value, true);
  });
  return bytes;
}

/** What a gateway is told of such payloads. */
export const packedFormat = {
  kind: "packed",
  time: { type: "int64", unit: "us" },
  type: "float32",
} as const;
