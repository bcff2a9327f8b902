import type { DemoResult } from "./result.ts";

/** A result of the demo with a figure of its own in every field, for tests of what shows it. */
export const exampleResult: DemoResult = {
  format: 1,
  macroF1: { released: 0.9876, changed: 0.6543, recovered: 0.9432 },
  accuracy: {
    central: 0.981,
    federated: 0.9421,
    float: 0.9912,
    int8: 0.9898,
    recovered: 0.9444,
    changed: 0.66,
  },
  rawBytesCrossed: 0,
  leaks: { samples: 2, plantedLabels: 1, sequences: 5000, searchedBytes: 3072 },
  latencyMs: {
    p50: 3.24,
    p99: 8.76,
    p99Training: 11.1,
    p99AllTraining: 14.55,
    windows: { idle: 2400, training: 300, allTraining: 120, queued: 33 },
  },
  rounds: 3,
  bytes: {
    up: 10_240,
    down: 20_480,
    bundle: 51_200,
    rows: [{ gateway: "pump-1", direction: "up", kind: "update", messages: 1, bytes: 10_240 }],
  },
  blobs: { reused: 4, fetched: 9, reusedBytes: 1024, fetchedBytes: 4096 },
  accidentsSurvived: 3,
  backend: { inference: "wasm", training: "native" },
  windows: { released: 441, changed: 502, recovered: 415 },
  gateways: [
    {
      gateway: "pump-1",
      link: "mqtt",
      accuracy: { released: 0.9921, changed: 0.7121, recovered: 0.9621 },
      macroF1: { released: 0.9911, changed: 0.7011, recovered: 0.9511 },
      windows: { released: 441, changed: 502, recovered: 415 },
    },
  ],
};
