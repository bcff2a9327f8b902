import { inferValues, validate } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { toneExamples, tonesProblem } from "../testing/tones.ts";
import { modelGraph, pipelineOf } from "./model-graph.ts";
import { fitScaling } from "./scaling.ts";

const scaling = fitScaling(toneExamples(10, 1, 1), tonesProblem.sensor.channels);

test("one graph goes from the sensor's window to the scores", () => {
  const graph = modelGraph(tonesProblem, scaling, 1);
  validate(graph);
  expect(graph.inputs.map(({ name, shape }) => [name, shape])).toEqual([["window", ["N", 40, 3]]]);
  expect(inferValues(graph).get("scores")?.shape).toEqual(["N", 2]);
});

test("the pipeline is what the problem declares and then the fitted scaling", () => {
  expect(pipelineOf(tonesProblem, scaling).map(({ kind }) => kind)).toEqual([
    "remove-mean",
    "standardize",
  ]);
});

test("a block that nobody knows is refused", () => {
  const wrong = { ...tonesProblem, features: [{ kind: "wavelet" }] };
  expect(() => modelGraph(wrong, scaling, 1)).toThrow(
    expect.objectContaining({ code: "PIPELINE_INVALID" }),
  );
});
