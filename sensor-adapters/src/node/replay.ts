import type { Adapter, Samples, SensorInfo } from "@edgeloop/core/data";
import { openRecording, recordingSamples } from "@edgeloop/core/data/node";
import type { Clock } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import type { Pace } from "../pace.ts";
import { pace } from "../pace.ts";

/** How a recording is played. */
export type ReplayOptions = {
  /** The folder that holds its `recording.json`. */
  readonly directory: string;
  /** Sensor time over wall time; 0 plays as fast as it is read. */
  readonly speed: number;
  /** Rows in a packet at most. */
  readonly rowsPerPacket?: number;
  readonly clock: Clock;
};

/**
 * Plays a recording as the sensor that it was: same packets, same times, gaps waited for.
 *
 * @throws `REPLAY_DIFFERS` while it starts, when the recording has other channels or another rate than the sensor
 * declares, and what reading a recording throws.
 */
export function replayAdapter(info: SensorInfo, options: ReplayOptions): Adapter {
  const { directory, speed, rowsPerPacket, clock } = options;
  return {
    info,
    async *samples({ signal }) {
      await check(directory, info);
      let first: { readonly held: Pace; readonly startUs: number } | undefined;
      for await (const packet of recordingSamples(directory, rowsPerPacket)) {
        first ??= { held: pace(clock, speed), startUs: packet.startUs };
        await first.held.until(endUs(packet, info) - first.startUs, signal);
        if (signal.aborted) return;
        yield { ...packet, sensor: info.sensor };
      }
    },
  };
}

/** When the last sample of a packet was taken, and a period later for a packet that has one: then it was sent. */
const endUs = ({ startUs, data, periodUs, timesUs }: Samples, info: SensorInfo): number =>
  timesUs
    ? (timesUs.at(-1) ?? startUs)
    : startUs + (data.length / info.channels.length) * (periodUs ?? 0);

async function check(directory: string, info: SensorInfo): Promise<void> {
  const { recording } = await openRecording(directory);
  const field = (["channels", "rateHz"] as const).find(
    (name) => JSON.stringify(recording[name]) !== JSON.stringify(info[name]),
  );
  if (field === undefined) return;
  throw new EdgeloopError(
    "REPLAY_DIFFERS",
    `${directory} was recorded with other ${field} than sensor ${info.sensor} declares`,
    { details: { directory, field, recorded: recording[field], declared: info[field] } },
  );
}
