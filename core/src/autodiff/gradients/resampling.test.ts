import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientContract } from "../../../../test/reference/gradient-suite.ts";
import type { Attributes } from "../../graph/builder.ts";
import { int, text } from "../../graph/builder.ts";
import type { Graph } from "../../graph/graph.ts";
import { f32, i64 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";
import { resampling } from "./resampling.ts";

gradientContract(resampling);

const resized = (attributes: Attributes, constants: readonly string[] = ["roi", "sizes"]) =>
  caseOf(
    "Resize",
    {
      x: f32([1, 2, 3, 4], [1, 1, 2, 2]),
      roi: f32([0, 0, 0, 0, 1, 1, 0.5, 1]),
      scales: f32([], [0]),
      sizes: i64([1, 1, 2, 3]),
    },
    { attributes, constants: ["scales", ...constants] },
  ).graph;

const coordinates = (mode: string): Attributes => ({ coordinate_transformation_mode: text(mode) });

test.for<[string, Graph]>([
  ["mode area is not supported", resized({ mode: text("area") })],
  ["this coordinate_transformation_mode is not supported", resized(coordinates("other"))],
  ["antialias is not supported", resized({ mode: text("linear"), antialias: int(1) })],
  ["a policy for the aspect", resized({ keep_aspect_ratio_policy: text("not_larger") })],
  ["a region along an axis that keeps its size", resized(coordinates("tf_crop_and_resize"))],
  ["must be a constant", resized(coordinates("tf_crop_and_resize"), ["sizes"])],
  ["sizes along the axes that change must be known", resized({}, ["roi"])],
])("what has no gradient is refused by name: %s", ([reason, graph]) => {
  expect(() => differentiate(graph, ["x"])).toThrow(
    expect.objectContaining({
      code: "GRADIENT_UNSUPPORTED",
      message: expect.stringMatching(new RegExp(`^no gradient for Resize \\(y\\): .*${reason}`)),
    }),
  );
});
