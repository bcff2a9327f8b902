import { epochUs } from "./plant/plant-stream.ts";

/** How the demo runs. */
export type DemoSettings = {
  readonly seed: number;
  readonly gateways: number;
  /** Keeps the fleet running after the report until it is interrupted. */
  readonly stay: boolean;
  /** Folder of everything that the demo writes. */
  readonly directory: string;
  /** Sensor time over wall time. */
  readonly speed: number;
  /** Seconds of sensor time before the world changes. */
  readonly beforeS: number;
  /** Windows that each gateway must have predicted with the last model before the demo ends. */
  readonly recoveredWindowsMin: number;
};

/** Figures that make a run of under four minutes: ten windows a second, 400 of them a gateway in each phase. */
export const demoDefaults: DemoSettings = {
  seed: 1,
  gateways: 6,
  stay: false,
  directory: "edgeloop-demo",
  speed: 1,
  beforeS: 44,
  recoveredWindowsMin: 410,
};

/** Names the demo uses throughout. */
export const demoNames = {
  fleet: "plant",
  line: "pumps",
  sensor: "vibration",
  /** Topic of a pump's sensor on its gateway's own broker. */
  topic: "sensors/vibration",
} as const;

/** Names a gateway by its number from 0. */
export const gatewayName = (index: number): string => `pump-${index + 1}`;

/** How long the demo waits for everything to have happened, in seconds of sensor time. */
export const scheduleSMax = 900;
/** Where that schedule ends. */
export const scheduleEndUs: number = epochUs + scheduleSMax * 1e6;
