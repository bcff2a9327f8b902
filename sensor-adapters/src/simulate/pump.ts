import { deriveSeed, gaussian, seededRng } from "@edgeloop/core/platform";
import type { Angles, Rotation, Vector } from "./rotation.ts";
import { rotation } from "./rotation.ts";

/** What the machine does: three of the classic faults of rotating machines, or none. */
export type PumpState = "normal" | "imbalance" | "bearing" | "looseness";

/** The states in the order of the classes. */
export const pumpStates: readonly PumpState[] = ["normal", "imbalance", "bearing", "looseness"];

/** How the machine runs at the moment and how the sensor sits on it. */
export type OperatingPoint = {
  /** Shaft speed in revolutions a second. */
  readonly speedHz: number;
  /** Hydraulic load, 1 at the design point. */
  readonly load: number;
  /** Sensor mounting, radians about x, y and z. */
  readonly mounting: Angles;
};

/** One machine: what never changes about it. */
export type Pump = {
  readonly seed: number;
  /** Sensor gain, 1 when calibrated. */
  readonly gain: number;
  /** Standard deviation of the broadband noise, m/s². */
  readonly noise: number;
  readonly vanes: number;
  /** Rolling elements, ball over pitch diameter, contact angle in radians. */
  readonly bearing: { readonly balls: number; readonly ratio: number; readonly contact: number };
  /** Structural resonance that impacts excite, and its damping ratio. */
  readonly resonance: { readonly hz: number; readonly damping: number };
};

/** Radial and axial acceleration of the machine, m/s², before the sensor. */
type Motion = (tS: number) => Vector;

const gravity = 9.80665;
const turn = 2 * Math.PI;
/** Slow wander of the shaft speed: depth and period of a motor under a varying load. */
const wander = { depth: 0.004, periodS: 7.3 };
/** Random slip of the rolling elements as a fraction of the impact period (Antoni & Randall 2003: 1 to 2 %). */
const slip = 0.015;

/**
 * Computes the ball-pass frequency of an outer-race defect.
 *
 * f = n/2 · f_shaft · (1 − d/D · cos θ)
 *
 * @see Randall & Antoni 2011, Mech. Syst. Signal Process. 25(2), eq. 1 (BPFO)
 * @example
 * ballPassHz({ balls: 8, ratio: 0.25, contact: 0 }, 20); // => 60
 */
export const ballPassHz = (bearing: Pump["bearing"], speedHz: number): number =>
  (bearing.balls / 2) * speedHz * (1 - bearing.ratio * Math.cos(bearing.contact));

/**
 * Simulates the acceleration that the sensor reports: a pure function of pump, state, operating point and time.
 *
 * Every sample is computed from its own time and its own noise draw, so any packet can be made again alone.
 *
 * - shaft harmonics and vane pass: Randall 2011, Vibration-based Condition Monitoring, §2.2
 * - imbalance: a rotating force m·e·ω², hence 1x growing with the square of the speed (ISO 21940-11)
 * - looseness: many harmonics with half orders from a truncated motion (Randall 2011, §2.2.3)
 * - bearing: impacts with random slip through a resonance, modulated by the shaft (Antoni & Randall 2003,
 *   J. Vib. Acoust. 125, eq. 1; McFadden & Smith 1984)
 *
 * @param startUs Time of the first sample in microseconds since the schedule's epoch.
 * @param periodUs Sample period in microseconds.
 * @returns Row-major `[count, 3]`, m/s².
 */
export function pumpAcceleration(
  pump: Pump,
  condition: { readonly state: PumpState; readonly operating: OperatingPoint },
  time: { readonly startUs: number; readonly periodUs: number; readonly count: number },
): Float32Array {
  const { operating } = condition;
  const motion = motions[condition.state](pump, operating);
  const mount = rotation(operating.mounting);
  const rng = seededRng(deriveSeed(pump.seed, `noise ${time.startUs}`));
  const data = new Float32Array(time.count * 3);
  for (let row = 0; row < time.count; row += 1) {
    const [x, y, z] = motion((time.startUs + row * time.periodUs) / 1e6);
    const noisy: Vector = [
      x + pump.noise * gaussian(rng),
      y + pump.noise * gaussian(rng),
      z + gravity + pump.noise * gaussian(rng),
    ];
    data.set(sensed(mount, noisy, pump.gain), row * 3);
  }
  return data;
}

const sensed = (mount: Rotation, v: Vector, gain: number): number[] =>
  mount.map((axis) => gain * (axis[0] * v[0] + axis[1] * v[1] + axis[2] * v[2]));

/** Shaft angle in radians, continuous in time. */
const shaftAngle = (speedHz: number, tS: number): number =>
  turn *
  speedHz *
  (tS + ((wander.depth * wander.periodS) / turn) * Math.sin((turn * tS) / wander.periodS));

/** 1x amplitude of the residual imbalance that every machine has, at 25 Hz; grows with the square of the speed. */
const force = (speedHz: number): number => (speedHz / 25) ** 2;

function healthy(pump: Pump, { speedHz, load }: OperatingPoint): Motion {
  const once = 0.5 * force(speedHz);
  const vane = 0.7 * load;
  return (tS) => {
    const a = shaftAngle(speedHz, tS);
    const pass = vane * Math.sin(pump.vanes * a);
    const twice = 0.2 * load * Math.sin(2 * a + 0.7);
    return [
      once * Math.cos(a) + twice + 0.5 * pass,
      once * Math.sin(a) + 0.6 * twice + pass,
      0.15 * once * Math.sin(a + 0.4) + 0.1 * load * Math.sin(3 * a) + 0.3 * pass,
    ];
  };
}

function unbalanced(pump: Pump, operating: OperatingPoint): Motion {
  const base = healthy(pump, operating);
  const once = 1.5 * force(operating.speedHz);
  return (tS) => {
    const a = shaftAngle(operating.speedHz, tS) + 0.9;
    const [x, y, z] = base(tS);
    return [x + once * Math.cos(a), y + once * Math.sin(a), z + 0.1 * once * Math.sin(a)];
  };
}

/** Orders of the shaft speed and their amplitudes, m/s² at load 1: harmonics and the half orders of rubbing parts. */
const looseOrders: readonly (readonly [order: number, amplitude: number])[] = [
  [0.5, 0.5],
  [1, 0.5],
  [1.5, 0.45],
  [2, 0.8],
  [2.5, 0.35],
  [3, 0.6],
  [4, 0.45],
  [5, 0.35],
  [6, 0.25],
];

function loose(pump: Pump, operating: OperatingPoint): Motion {
  const base = healthy(pump, operating);
  return (tS) => {
    const a = shaftAngle(operating.speedHz, tS);
    const [x, y, z] = base(tS);
    let rattle = 0;
    for (const [order, amplitude] of looseOrders) {
      rattle += amplitude * Math.sin(order * a + 1.3 * order);
    }
    rattle *= 0.7 + 0.3 * operating.load;
    // A part that lifts off cannot pull: the motion is cut on one side (Randall 2011, §2.2.3).
    const cut = Math.max(rattle, -0.9);
    return [x + 0.4 * cut, y + cut, z + 0.3 * cut];
  };
}

function pitted(pump: Pump, operating: OperatingPoint): Motion {
  const base = healthy(pump, operating);
  const periodS = 1 / ballPassHz(pump.bearing, operating.speedHz);
  const omega = turn * pump.resonance.hz;
  const decay = pump.resonance.damping * omega;
  const ringing = omega * Math.sqrt(1 - pump.resonance.damping ** 2);
  /** Impacts older than this have died away to a thousandth. */
  const memory = Math.ceil(7 / decay / periodS) + 1;
  return (tS) => {
    const [x, y, z] = base(tS);
    const latest = Math.floor(tS / periodS);
    let ring = 0;
    for (let index = latest + 1; index >= latest - memory; index -= 1) {
      const hitS = (index + slip * jitter(pump.seed, index)) * periodS;
      const ageS = tS - hitS;
      if (ageS < 0) continue;
      const strength = 1 + 0.35 * Math.cos(shaftAngle(operating.speedHz, hitS));
      ring += strength * Math.exp(-decay * ageS) * Math.sin(ringing * ageS);
    }
    ring *= 2.6 * (0.6 + 0.4 * operating.load);
    return [x + 0.6 * ring, y + ring, z + 0.5 * ring];
  };
}

/** A draw between -1 and 1 that belongs to one impact. */
function jitter(seed: number, index: number): number {
  let hash = Math.imul(seed ^ (index * 0x9e3779b1), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) / 2147483648;
}

const motions: Record<PumpState, (pump: Pump, operating: OperatingPoint) => Motion> = {
  normal: healthy,
  imbalance: unbalanced,
  bearing: pitted,
  looseness: loose,
};
