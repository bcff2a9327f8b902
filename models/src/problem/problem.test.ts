import { expect, test } from "vitest";
import { parseProblem, problemJsonSchema, refuseProblem } from "./problem.ts";

const text = `format: 1
name: pump-condition
task: classification
sensor:
  name: vibration
  rateHz: 1000
  channels: [{ name: x, unit: m/s2 }, { name: y, unit: m/s2 }, { name: z, unit: m/s2 }]
window: { lengthSamples: 200, hopSamples: 100 }
classes: [normal, imbalance, bearing, looseness]
objective: { metric: macro-f1, atLeast: 0.95 }
constraints: { bundleBytesMax: 262144, latencyMsP99Max: 25 }
slices: [pump]
features: [{ kind: remove-mean }]
model: { kind: cnn, norm: group, positions: 5, layers: [{ filters: 16, kernel: 7, stride: 2 }] }
training:
  epochs: 8
  batchSize: 32
  learningRate: 0.003
  weightDecay: 0.01
  labelSmoothing: 0
  seed: 1
  augment: { rotateDegrees: 20, scale: 0.1, jitter: 0.05, flip: false }
loop: { anything: 1 }
`;

test("a complete file is read as it stands", () => {
  const problem = parseProblem(text, "edgeloop.yaml");
  expect(problem.window).toEqual({ lengthSamples: 200, hopSamples: 100 });
  expect(problem.loop).toEqual({ anything: 1 });
});

test.for([
  [
    "a wrong number",
    "lengthSamples: 200",
    "lengthSamples: -1",
    "edgeloop.yaml:8: window.lengthSamples",
  ],
  ["a missing field", "  seed: 1\n", "", "training.seed"],
  ["an unknown field", "task: classification", "task: classification\ncolour: red", "colour"],
  ["an unknown task", "task: classification", "task: magic", "edgeloop.yaml:3: task"],
  ["a newer format", "format: 1", "format: 2", "edgeloop.yaml:1: format"],
  ["text that is not YAML", "format: 1", "format: [", "edgeloop.yaml: "],
] as const)("%s is refused, naming file, line and field", ([, from, to, expected]) => {
  expect(() => parseProblem(text.replace(from, to), "edgeloop.yaml")).toThrow(
    expect.objectContaining({
      code: "PROBLEM_INVALID",
      message: expect.stringContaining(expected),
    }),
  );
});

test("the JSON Schema names the required fields", () => {
  expect(problemJsonSchema()["required"]).toContain("objective");
});

test("a field that does not go with something else is refused at its line", () => {
  const file = "edgeloop.yaml";
  expect(refuseProblem({ text, file }, ["slices", 0], "expected an attribute")).toMatchObject({
    code: "PROBLEM_INVALID",
    message: "edgeloop.yaml:12: slices.0: expected an attribute",
  });
});
