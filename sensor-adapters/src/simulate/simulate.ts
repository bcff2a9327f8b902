import type { Adapter, SensorInfo } from "@edgeloop/core/data";
import type { Clock } from "@edgeloop/core/platform";
import type { Segment } from "./plant.ts";
import type { Pump } from "./pump.ts";
import { pumpAcceleration } from "./pump.ts";

/** A simulated pump as a sensor. */
export type SimulateOptions = {
  readonly pump: Pump;
  /** What it does when; samples end with the last segment. */
  readonly segments: readonly Segment[];
  readonly packetSamples: number;
  /** Sensor time over wall time; 0 runs as fast as it is read. */
  readonly speed: number;
  readonly clock: Clock;
};

/** Declares the sensor of a simulated pump: three axes of acceleration. */
export const pumpSensor = (sensor: string, rateHz: number): SensorInfo => ({
  sensor,
  rateHz,
  channels: ["x", "y", "z"].map((name) => ({ name, unit: "m/s2" })),
});

/** Plays a simulated pump in real time, or as fast as it is read. */
export function simulateAdapter(info: SensorInfo, options: SimulateOptions): Adapter {
  const { pump, segments, packetSamples, speed, clock } = options;
  const periodUs = 1e6 / info.rateHz;
  const packetMs = (packetSamples * periodUs) / 1000;
  return {
    info,
    async *samples({ signal }) {
      const startMs = clock.monotonicMs();
      let packets = 0;
      for (const { segment, startUs } of packetsOf(segments, packetSamples * periodUs)) {
        packets += 1;
        const dueMs = speed > 0 ? startMs + (packets * packetMs) / speed : 0;
        await rest(clock, dueMs - clock.monotonicMs(), signal);
        if (signal.aborted) return;
        const time = { startUs, periodUs, count: packetSamples };
        yield {
          sensor: info.sensor,
          startUs,
          periodUs,
          data: pumpAcceleration(pump, segment, time),
        };
      }
    },
  };
}

/** The whole packets of each segment, in order. */
function* packetsOf(
  segments: readonly Segment[],
  packetUs: number,
): Generator<{ readonly segment: Segment; readonly startUs: number }> {
  for (const segment of segments) {
    for (let startUs = segment.startUs; startUs + packetUs <= segment.endUs; startUs += packetUs) {
      yield { segment, startUs };
    }
  }
}

/** Waits; an abort ends the wait, not the program. */
const rest = async (clock: Clock, waitMs: number, signal: AbortSignal): Promise<void> => {
  if (waitMs <= 0) return;
  await clock.sleep(waitMs, signal).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
};
