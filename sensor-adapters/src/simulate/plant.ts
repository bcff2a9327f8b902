import { deriveSeed, seededRng, shuffled } from "@edgeloop/core/platform";
import type { OperatingPoint, Pump, PumpState } from "./pump.ts";
import { pumpStates } from "./pump.ts";

/** A stretch of time in which a pump keeps its state and operating point. */
export type Segment = {
  readonly startUs: number;
  readonly endUs: number;
  readonly state: PumpState;
  readonly operating: OperatingPoint;
};

/** One pump of the plant with its life. */
export type PlantPump = {
  readonly pump: Pump;
  readonly before: OperatingPoint;
  readonly after: OperatingPoint;
};

const between = (rng: () => number, low: number, high: number): number =>
  low + (high - low) * rng();

/**
 * Draws a pump: no two of a plant share gain, noise, bearing, mounting, speed or load.
 *
 * The new operating point runs the shaft 40 to 60 % faster under more load; on two of three pumps the sensor was
 * mounted anew on another face of the housing.
 *
 * @param seed The plant's seed.
 * @param index The pump's number in the plant, from 0.
 */
export function plantPump(seed: number, index: number): PlantPump {
  const rng = seededRng(deriveSeed(seed, `pump ${index}`));
  const pump: Pump = {
    seed: deriveSeed(seed, `pump ${index} signal`),
    gain: between(rng, 0.8, 1.25),
    noise: between(rng, 0.2, 0.4),
    vanes: 5 + (index % 3),
    bearing: {
      balls: 8 + (index % 2),
      ratio: between(rng, 0.2, 0.28),
      contact: between(rng, 0, 0.3),
    },
    resonance: { hz: between(rng, 290, 360), damping: between(rng, 0.04, 0.07) },
  };
  const tilt = (): number => between(rng, -0.35, 0.35);
  const before: OperatingPoint = {
    speedHz: between(rng, 23, 28),
    load: between(rng, 0.7, 1),
    mounting: [tilt(), tilt(), tilt()],
  };
  const after: OperatingPoint = {
    speedHz: before.speedHz * between(rng, 1.4, 1.6),
    load: between(rng, 1.2, 1.6),
    mounting:
      index % 3 === 0
        ? before.mounting
        : [before.mounting[0] + Math.PI / 2, before.mounting[1], before.mounting[2] + Math.PI / 3],
  };
  return { pump, before, after };
}

/**
 * Plans a pump's life without an end: every state in a shuffled order, cycle after cycle, and the change of the operating
 * point.
 *
 * @param segmentUs Length of one state in microseconds.
 */
export function* plantSegments(
  plant: PlantPump,
  times: { readonly startUs: number; readonly changeUs: number; readonly segmentUs: number },
): Generator<Segment, never, undefined> {
  const rng = seededRng(deriveSeed(plant.pump.seed, "schedule"));
  let order: readonly PumpState[] = [];
  for (let at = times.startUs; ; ) {
    if (order.length === 0) order = shuffled(pumpStates, rng);
    const [state = "normal", ...rest] = order;
    order = rest;
    const changed = at >= times.changeUs;
    const limit = changed ? Number.POSITIVE_INFINITY : times.changeUs;
    const endUs = Math.min(at + times.segmentUs, limit);
    yield { startUs: at, endUs, state, operating: changed ? plant.after : plant.before };
    at = endUs;
  }
}

/** Plans a pump's life up to an end, which cuts the last state short. */
export function plantSchedule(
  plant: PlantPump,
  times: {
    readonly startUs: number;
    readonly changeUs: number;
    readonly endUs: number;
    readonly segmentUs: number;
  },
): readonly Segment[] {
  const segments: Segment[] = [];
  for (const segment of plantSegments(plant, times)) {
    if (segment.startUs >= times.endUs) break;
    segments.push({ ...segment, endUs: Math.min(segment.endUs, times.endUs) });
  }
  return segments;
}
