import { expect, test } from "vitest";
import type { Health } from "./health.ts";
import { statusOf } from "./health.ts";

const well = {
  model: { manifest: "0", version: 1, state: "confirmed", backend: "wasm" },
  diskFull: false,
  sensors: [{ sensor: "s", state: "running" }],
  coordinator: "none",
} as const satisfies Partial<Health>;

const { model: _model, ...modelless } = well;

test.for([
  ["all is well", well, false, "ok"],
  ["a gateway without a model", modelless, false, "degraded"],
  ["a full disk", { ...well, diskFull: true }, false, "degraded"],
  ["a coordinator that is away", { ...well, coordinator: "disconnected" }, false, "degraded"],
  [
    "a sensor that ended",
    { ...well, sensors: [{ sensor: "s", state: "ended" }] },
    false,
    "degraded",
  ],
  ["a store that failed", well, true, "failed"],
] as const)("%s: %j", ([, parts, storeFailed, expected]) => {
  expect(statusOf(parts, storeFailed)).toBe(expected);
});
