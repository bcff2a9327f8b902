import { expect, test } from "vitest";
import { predictionLine } from "./predictions.ts";

test("a line says when, what, how sure, and from where", () => {
  const message = {
    format: 1,
    sensor: "vibration",
    startUs: 0,
    endUs: 1_769_860_800_250_000,
    label: "bearing",
    scores: [0.012, 0.988],
    model: "0".repeat(64),
    version: 3,
    latencyMs: 2.04,
  } as const;
  expect(predictionLine(message)).toBe(
    "2026-01-31T12:00:00.250Z  bearing  99 %  vibration, version 3, 2.0 ms",
  );
});
