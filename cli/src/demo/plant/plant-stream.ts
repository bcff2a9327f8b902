import type { Label } from "@edgeloop/core/data";
import { deriveSeed, seededRng } from "@edgeloop/core/platform";
import type { PlantPump, Segment } from "@edgeloop/sensor-adapters";
import { plantPump, plantSegments, pumpAcceleration } from "@edgeloop/sensor-adapters";

/** Midnight, 1 January 2026 UTC: where the schedule's sensor time starts. */
export const epochUs: number = 1_767_225_600_000_000;
/** Who labels in the demo: a text that is planted to be searched for wherever it may not be. */
export const plantedLabeller = "inspector-4f7a91c2";
/** Samples of one packet, and their period: 1 kHz. */
export const packetSamples = 100;
/** Microseconds between samples. */
export const periodUs = 1000;
/** Microseconds of one packet. */
export const packetUs: number = packetSamples * periodUs;
/** How long a pump stays in a state: short enough that a drift detector sees each state come back. */
export const segmentUs = 2_000_000;
/** Metres a second squared a step of the int16 that the sensor sends. */
export const accelerationStep: number = 1 / 1000;

/** When what happens, in sensor time; without a change the world stays as it is. */
export type PlantTimes = {
  readonly changeUs?: number;
  /** Up to where the states are planned from the first; packets that are asked for later plan on. */
  readonly endUs: number;
};

/** One pump's life as the driver plays it. */
export type PlantStream = {
  readonly sensor: string;
  /** States as far as they are planned, but for what was forgotten. */
  readonly segments: readonly Segment[];
  /** Schedules the change of the operating point; what lies before stays as it was. @see {@link changeAfter} */
  changeAt(changeUs: number): void;
  /** Forgets the states that ended before a time, for a stream that plays without end. */
  forgetBefore(atUs: number): void;
  /** Acceleration of a stretch, row-major `[count, 3]`. */
  acceleration(startUs: number, count: number): Float32Array;
  /** The packet as the sensor sends it: int64 start in microseconds, then int16 rows, little-endian. */
  packet(startUs: number): Uint8Array;
};

/**
 * Builds a pump's stream from the plant's seed: the same bytes for the same time, whoever asks and when.
 *
 * @param index The pump's number in the plant.
 */
export function plantStream(seed: number, index: number, times: PlantTimes): PlantStream {
  const plant = plantPump(seed, index);
  const plan = (changeUs: number) => planOf(plant, changeUs, times.endUs);
  let life = plan(times.changeUs ?? Number.POSITIVE_INFINITY);
  const acceleration = (startUs: number, count: number): Float32Array => {
    life.reach(startUs + count * periodUs);
    return accelerationOf(plant, life.segments, { startUs, count });
  };
  return {
    sensor: "vibration",
    get segments() {
      return life.segments;
    },
    changeAt: (changeUs) => {
      life = plan(changeUs);
    },
    forgetBefore: (atUs) => life.forgetBefore(atUs),
    acceleration,
    packet: (startUs) => encodePacket(startUs, acceleration(startUs, packetSamples)),
  };
}

/** A pump's life, planned as far as somebody asked. */
type Life = {
  readonly segments: readonly Segment[];
  reach(endUs: number): void;
  forgetBefore(atUs: number): void;
};

function planOf(plant: PlantPump, changeUs: number, endUs: number): Life {
  const rest = plantSegments(plant, { startUs: epochUs, segmentUs, changeUs });
  let segments: Segment[] = [];
  const reach = (untilUs: number): void => {
    while ((segments.at(-1)?.endUs ?? epochUs) < untilUs) segments.push(rest.next().value);
  };
  reach(endUs);
  return {
    get segments() {
      return segments;
    },
    reach,
    forgetBefore: (atUs) => {
      segments = segments.filter((segment) => segment.endUs >= atUs);
    },
  };
}

/** The end of the state that a pump is in at a time: a change there cuts no state short. */
export const changeAfter = (atUs: number): number =>
  epochUs + Math.ceil((atUs - epochUs) / segmentUs) * segmentUs;

function accelerationOf(
  { pump }: PlantPump,
  segments: readonly Segment[],
  { startUs, count }: { readonly startUs: number; readonly count: number },
): Float32Array {
  const data = new Float32Array(count * 3);
  for (let row = 0; row < count; ) {
    const atUs = startUs + row * periodUs;
    const segment = segments.find(({ endUs }) => atUs < endUs) ?? segments.at(-1);
    if (!segment) break;
    const rows = Math.min(count - row, Math.max(1, Math.ceil((segment.endUs - atUs) / periodUs)));
    const time = { startUs: atUs - epochUs, periodUs, count: rows };
    data.set(pumpAcceleration(pump, segment, time), row * 3);
    row += rows;
  }
  return data;
}

/**
 * Packs acceleration as the sensor does; values beyond the int16 range are cut, as a sensor's are.
 *
 * @example
 * [...encodePacket(1, Float32Array.of(0.5)).subarray(8)]; // => [244, 1]
 */
export function encodePacket(startUs: number, acceleration: Float32Array): Uint8Array {
  const bytes = new Uint8Array(8 + 2 * acceleration.length);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, BigInt(startUs), true);
  acceleration.forEach((value, at) => {
    const step = Math.max(-32_768, Math.min(32_767, Math.round(value / accelerationStep)));
    view.setInt16(8 + 2 * at, step, true);
  });
  return bytes;
}

/**
 * Chooses the windows that a person labels, and says what they say.
 *
 * @param share Fraction of windows that get a label at all.
 * @returns A label over exactly the window, or nothing.
 */
export function labelOfWindow(
  segments: readonly Segment[],
  window: { readonly startUs: number; readonly endUs: number },
  draw: { readonly seed: number; readonly share: number },
): Label | undefined {
  const rng = seededRng(deriveSeed(draw.seed, `label ${window.startUs}`));
  if (rng() >= draw.share) return undefined;
  const label = truthOf(segments, window);
  return label === undefined ? undefined : { ...window, label, by: plantedLabeller };
}

/** The state that covers most of a window; of two that cover the same, the earlier. */
export function truthOf(
  segments: readonly Segment[],
  window: { readonly startUs: number; readonly endUs: number },
): string | undefined {
  let best: { readonly state: string; readonly coveredUs: number } | undefined;
  for (const segment of segments) {
    const coveredUs =
      Math.min(segment.endUs, window.endUs) - Math.max(segment.startUs, window.startUs);
    if (coveredUs > (best?.coveredUs ?? 0)) best = { state: segment.state, coveredUs };
  }
  return best?.state;
}
