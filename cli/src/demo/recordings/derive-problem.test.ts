import type { Recording } from "@edgeloop/core/data";
import { parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { deriveProblem } from "./derive-problem.ts";

const recording: Recording = {
  format: 1,
  sensor: "wrist",
  channels: [{ name: "x", unit: "m/s2" }],
  rateHz: 50,
  origin: "test",
  attributes: {},
  parts: [],
};

test("channels, rate and classes come from the recordings; a window is a second", () => {
  const text = deriveProblem([recording, recording], ["walk", "sit", "walk"]);
  expect(parseProblem(text, "derived")).toMatchObject({
    name: "wrist",
    sensor: { rateHz: 50, channels: recording.channels },
    window: { lengthSamples: 50, hopSamples: 12 },
    classes: ["sit", "walk"],
    training: { augment: { flip: false } },
  });
});

test("recordings of different sensors make no problem, nor does a single label", () => {
  const other = { ...recording, channels: [{ name: "x", unit: "rad/s" }] };
  expect(() => deriveProblem([recording, other], ["a", "b"])).toThrow(
    expect.objectContaining({ code: "RECORDINGS_DIFFER" }),
  );
  expect(() => deriveProblem([recording], ["a"])).toThrow(
    expect.objectContaining({ code: "LABELS_TOO_FEW" }),
  );
});
