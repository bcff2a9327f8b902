import { seededRng } from "@edgeloop/core/platform";
import type { Problem } from "../problem/problem.ts";
import type { Examples } from "../train/examples.ts";
import { collectExamples } from "../train/examples.ts";

/** A problem that a small network solves in a second: which of two tones is in a window. */
export const tonesProblem: Problem = {
  format: 1,
  name: "tones",
  task: "classification",
  sensor: {
    name: "probe",
    rateHz: 100,
    channels: [
      { name: "x", unit: "g" },
      { name: "y", unit: "g" },
      { name: "z", unit: "g" },
    ],
  },
  window: { lengthSamples: 40, hopSamples: 20 },
  classes: ["low", "high"],
  objective: { metric: "macro-f1", atLeast: 0.95 },
  constraints: { bundleBytesMax: 262_144, latencyMsP99Max: 25 },
  slices: ["probe"],
  features: [{ kind: "remove-mean" }],
  model: {
    kind: "cnn",
    norm: "group",
    positions: 2,
    layers: [
      { filters: 8, kernel: 5, stride: 2 },
      { filters: 8, kernel: 5, stride: 2 },
    ],
  },
  training: {
    epochs: 6,
    batchSize: 16,
    learningRate: 0.01,
    weightDecay: 0.01,
    labelSmoothing: 0,
    seed: 1,
    augment: { rotateDegrees: 10, scale: 0.1, jitter: 0.02, flip: false },
  },
};

/** Windows of the two tones in noise, from `groups` probes. */
export function toneExamples(count: number, groups: number, seed: number): Examples {
  const rng = seededRng(seed);
  const { lengthSamples } = tonesProblem.window;
  const list = Array.from({ length: count }, (_, index) => {
    const label = index % 2;
    const phase = 6 * rng();
    const turn = 2 * Math.PI * (label === 0 ? 0.05 : 0.2);
    const data = Float32Array.from({ length: lengthSamples * 3 }, (_value, at) => {
      const wave = Math.sin(turn * Math.floor(at / 3) + phase + (at % 3));
      return 5 + wave + 0.6 * (rng() - 0.5);
    });
    const group = `probe-${index % groups}`;
    return { data, label, group, attributes: { probe: group } };
  });
  return collectExamples({ lengthSamples, channels: 3 }, list);
}
