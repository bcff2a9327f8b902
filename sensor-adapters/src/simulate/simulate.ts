import type { Adapter, SensorInfo } from "@edgeloop/core/data";
import type { Clock } from "@edgeloop/core/platform";
import { pace } from "../pace.ts";
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
  const packetUs = packetSamples * periodUs;
  return {
    info,
    async *samples({ signal }) {
      const held = pace(clock, speed);
      let packets = 0;
      for (const { segment, startUs } of packetsOf(segments, packetUs)) {
        packets += 1;
        await held.until(packets * packetUs, signal);
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
