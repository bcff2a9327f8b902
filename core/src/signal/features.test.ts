import { expect, test } from "vitest";
import { build, signalContract, signalInfo } from "../../../test/reference/signal-cases.ts";
import { inferValues } from "../graph/infer.ts";
import { featureChannels, features } from "./features.ts";
import { blocks, parsePipeline } from "./pipeline.ts";

signalContract("none");

const one: Readonly<Record<string, object>> = {
  standardize: { mean: [0, 0, 0], scale: [1, 1, 1] },
  magnitude: { of: ["a", "b"] },
  "moving-average": { samples: 3 },
  "band-energies": { rateHz: 100, edgesHz: [0, 20, 51] },
};

test.for(Object.keys(blocks))("%s: the declared shape is the inferred one", (kind) => {
  const graph = build({ kind, ...one[kind] });
  expect(inferValues(graph).get("features")?.shape).toEqual(graph.outputs[0]?.shape);
});

test("channels keep their names and new ones follow", () => {
  const pipeline = parsePipeline([
    { kind: "magnitude", of: ["a", "b"], name: "r" },
    { kind: "spectrum" },
  ]);
  expect(featureChannels(pipeline, signalInfo)).toEqual(["a", "b", "c", "r"]);
});

test("a window without channels or samples is refused", () => {
  expect(() => features([], { channels: [], lengthSamples: 10 })).toThrow(
    expect.objectContaining({ code: "PIPELINE_INVALID" }),
  );
  expect(() => features([], { channels: ["a"], lengthSamples: 0.5 })).toThrow(
    expect.objectContaining({ code: "PIPELINE_INVALID" }),
  );
});
