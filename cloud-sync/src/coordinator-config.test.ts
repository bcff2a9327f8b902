import { expect, test } from "vitest";
import {
  coordinatorConfigJsonSchema,
  lineModelSettingsOf,
  parseCoordinatorConfig,
  settingsOf,
} from "./coordinator-config.ts";

const least = `format: 1
fleet: plant
line: pumps
data: ./data
registry: ./registry
key: ./online.json
http: { port: 8440 }
mqtt: { port: 8441 }
admin: { port: 8442, tokenFile: ./operator.token }
`;
const read = (yaml: string) => parseCoordinatorConfig(yaml, "coordinator.yaml");

test("what is left out has defaults, and times become the units that the code counts in", () => {
  const config = read(`${least}loop: { retrain: { drift: { devicesMin: 3 } }, rounds: 2 }\n`);
  expect(config.http).toEqual({ host: "127.0.0.1", port: 8440 });
  const settings = settingsOf(config);
  expect(settings.policy).toMatchObject({ retrain: { drift: { devicesMin: 3 } }, cohortMin: 2 });
  expect(settings.campaign).toMatchObject({
    rounds: 2,
    holdoutEvery: 5,
    holdoutBlockUs: 5_000_000,
    rules: { selectingMs: 60_000 },
    limits: { weightMax: 100_000 },
  });
  expect(settings.campaign.training).toEqual({
    seed: 1,
    order: "shuffled",
    epochs: 3,
    batchSize: 32,
    learningRate: 0.005,
    backend: "wasm",
    threads: 1,
  });
  expect(lineModelSettingsOf(config)).toEqual({
    optimizer: { kind: "adamw", weightDecay: 0 },
    labelSmoothing: 0,
    quantizeAfter: [],
  });
});

test("momentum, decay and augmentation reach the campaign; without them nothing changes", () => {
  const { campaign } = settingsOf(read(least));
  expect(campaign).toMatchObject({ serverMomentum: 0, learningRateFloor: 1 });
  const augment = { rotateDegrees: 30, scale: 0.1, jitter: 0.01, flip: false };
  const training = { serverMomentum: 0.7, learningRateFloor: 0.1, augment };
  const asked = settingsOf(read(`${least}training: ${JSON.stringify(training)}\n`)).campaign;
  expect(asked).toMatchObject({ serverMomentum: 0.7, learningRateFloor: 0.1 });
  expect(asked.training.augment).toEqual(augment);
});

test.for([
  ["training: { serverMomentum: 1 }", 10, "training.serverMomentum"],
  ["training: { learningRateFloor: 0 }", 10, "training.learningRateFloor"],
  ["training: { augment: { flip: 1 } }", 10, "training.augment.rotateDegrees"],
  ["loop: { rounds: 0 }", 10, "loop.rounds"],
  ["training:\n  epochs: three", 11, "training.epochs"],
  ["rollout: { stages: [0.5, 2] }", 10, "rollout.stages[1]"],
  ["Loop: {}", 10, "Loop"],
  ["limits: { valueMax: .nan }", 10, "limits.valueMax"],
  ["format: 1", 10, ""],
] as const)("%s is refused with its line and field", ([line, number, field]) => {
  try {
    read(`${least}${line}\n`);
    throw new Error("accepted");
  } catch (error) {
    expect(error).toMatchObject({
      code: "CONFIG_INVALID",
      details: { file: "coordinator.yaml", line: number, field },
    });
  }
});

test("the policy stands in the problem that is named, or here, but not in both", () => {
  expect(read(`${least}problem: edgeloop.yaml\n`)).toMatchObject({ problem: "edgeloop.yaml" });
  expect(() => read(`${least}problem: edgeloop.yaml\nloop: { rounds: 2 }\n`)).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("coordinator.yaml:11: loop: expected no loop beside"),
    }),
  );
});

test("editors get a JSON Schema in which defaults may be left out", () => {
  const schema = coordinatorConfigJsonSchema() as { required: string[]; properties: object };
  expect(Object.keys(schema.properties)).toContain("loop");
  expect(schema.required).not.toContain("loop");
  expect(schema.required).toContain("fleet");
});
