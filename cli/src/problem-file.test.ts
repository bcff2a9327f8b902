import { parseName } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { problemFile } from "./init/project-files.ts";
import { parseProblemFile, problemFileJsonSchema } from "./problem-file.ts";

const text = problemFile({
  name: parseName("pumps"),
  sensor: parseName("vibration"),
  topic: "plant/pump-1",
  channels: [{ name: "x", unit: "m/s2" }],
  rateHz: 100,
  classes: ["normal", "fault"],
  gateway: parseName("gateway-1"),
  fleet: parseName("plant"),
});

test("a problem with its policy is read whole", () => {
  expect(parseProblemFile(text, "edgeloop.yaml")).toMatchObject({
    name: "pumps",
    loop: { rounds: 3 },
  });
});

test.for([
  ["task: classification", "task: magic", "PROBLEM_INVALID", "task"],
  ["rounds: 3", "rounds: 0", "CONFIG_INVALID", "loop.rounds"],
  ["labels: { countMin: 200 }", "labels: {}", "CONFIG_INVALID", "loop.retrain.labels"],
  ["cohortMin: 1", "cohort: 1", "CONFIG_INVALID", "loop.cohort"],
] as const)("%s as %s is refused, naming file, line and field", ([from, to, code, field]) => {
  const line = 1 + text.split("\n").findIndex((row) => row.includes(from));
  expect(() => parseProblemFile(text.replace(from, to), "edgeloop.yaml")).toThrow(
    expect.objectContaining({
      code,
      message: expect.stringContaining(`edgeloop.yaml:${line}: ${field}`),
    }),
  );
});

test("editors are told of the policy too", () => {
  const { properties } = problemFileJsonSchema() as {
    properties: Record<string, { properties?: object }>;
  };
  expect(properties).toMatchObject({ task: expect.anything() });
  expect(properties["loop"]?.properties).toMatchObject({ retrain: expect.anything() });
});
