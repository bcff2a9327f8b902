import { expect, test } from "vitest";
import { loopDefaults, loopJsonSchema, parseProblemLoop } from "./loop-config.ts";

const problem = `format: 1
name: pumps
classes: [normal, fault]
loop:
  retrain:
    drift: { devicesMin: 4 }
  coolDownS: 300
  rounds: 4
`;
const read = (yaml: string) => parseProblemLoop(yaml, "edgeloop.yaml");

test("the policy of a problem is read, with defaults for what it leaves out", () => {
  expect(read(problem)).toEqual({
    ...loopDefaults,
    retrain: { drift: { devicesMin: 4 } },
    coolDownS: 300,
    rounds: 4,
  });
  expect(read("format: 1\nname: pumps\n")).toBeUndefined();
});

test("without a policy nothing starts by itself", () => {
  expect(loopDefaults).toMatchObject({ retrain: {}, approve: "automatic" });
});

test.for([
  ["a number of devices below one", "devicesMin: 4", "devicesMin: 0", 6, "loop.retrain.drift"],
  ["text for a number", "rounds: 4", "rounds: many", 8, "loop.rounds"],
  ["an unknown way to approve", "rounds: 4", "approve: nobody", 8, "loop.approve"],
  ["a field that is none", "coolDownS", "cooldown", 7, "loop.cooldown: expected no"],
  ["a reason that is none", "drift", "boredom", 6, "loop.retrain.boredom"],
] as const)("%s is refused with its line and field", ([, from, to, line, field]) => {
  expect(() => read(problem.replace(from, to))).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      message: expect.stringContaining(`edgeloop.yaml:${line}: ${field}`),
    }),
  );
});

test("editors are told what a policy may say", () => {
  const { properties } = loopJsonSchema() as { properties: object };
  expect(Object.keys(properties)).toEqual(Object.keys(loopDefaults));
});
