import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readCoordinatorConfig } from "@edgeloop/cloud-sync/node";
import { parseGatewayConfig } from "@edgeloop/device-agent";
import { parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import { parse } from "yaml";
import type { Options } from "../command.ts";
import { commands } from "../commands.ts";
import { temporary, testContext } from "../testing.ts";
import { run } from "./init.ts";

const defaults: Options = Object.fromEntries(
  (commands.find(({ words }) => words[0] === "init")?.options ?? []).map(({ flags, fallback }) => [
    flags.replace(/^--(\w+).*/, "$1"),
    fallback,
  ]),
);

const parsed = async (directory: string) => {
  const text = (name: string): string => readFileSync(join(directory, name), "utf8");
  return {
    problem: parseProblem(text("edgeloop.yaml"), "edgeloop.yaml"),
    gateway: parseGatewayConfig(text("gateway.yaml"), "gateway.yaml"),
    coordinator: await readCoordinatorConfig(join(directory, "coordinator.yaml")),
  };
};

test("the files are what their readers take, and belong together", async () => {
  const directory = join(temporary(), "new");
  await run(testContext(), [directory], defaults);
  const { problem, gateway, coordinator } = await parsed(directory);
  expect(gateway).toMatchObject({ line: problem.name, fleet: coordinator.fleet });
  expect(coordinator.line).toBe(problem.name);
  expect(gateway.sensors[0]).toMatchObject({
    sensor: problem.sensor.name,
    channels: problem.sensor.channels,
    rateHz: problem.sensor.rateHz,
  });
  expect(readFileSync(coordinator.admin.tokenFile, "utf8").trim().length).toBeGreaterThan(16);
  expect(statSync(coordinator.admin.tokenFile).mode & 0o777).toBe(0o600);
});

test.for([
  ["edgeloop", "objective"],
  ["gateway", "sensors"],
  ["coordinator", "mqtt"],
])("editors find the schema of %s.yaml by its first line", async ([name, field]) => {
  const directory = temporary();
  await run(testContext(), [directory], defaults);
  const yaml = readFileSync(join(directory, `${name}.yaml`), "utf8");
  const [, path] = /^# yaml-language-server: \$schema=(.+)\n/.exec(yaml) ?? [];
  const schema = JSON.parse(readFileSync(join(directory, path ?? ""), "utf8"));
  expect(schema.required).toContain(field);
  const fields = Object.keys(schema.properties);
  expect(fields).toEqual(expect.arrayContaining(Object.keys(parse(yaml))));
  expect(schema.additionalProperties).toBe(false);
});

test("the schema of a problem knows the policy, and that of a coordinator where it stands", async () => {
  const directory = temporary();
  await run(testContext(), [directory], defaults);
  const schema = (name: string): unknown =>
    JSON.parse(readFileSync(join(directory, "schemas", `${name}.schema.json`), "utf8"));
  const loop = { properties: { retrain: { properties: { drift: expect.anything() } } } };
  expect(schema("edgeloop")).toMatchObject({ properties: { loop } });
  expect(schema("coordinator")).toMatchObject({ properties: { loop, problem: expect.anything() } });
});

test("names that YAML would read as something else stay text", async () => {
  const directory = temporary();
  const classes = ["no", "1e3", '"quoted": #', "<script>"];
  const channels = ["y", "null", "a b: c", "{x}"];
  await run(testContext(), [directory], {
    ...defaults,
    classes: classes.join(","),
    channels: channels.map((name) => `${name}=%`).join(","),
    topic: "a/#",
  });
  const { problem, gateway } = await parsed(directory);
  expect(problem.classes).toEqual(classes);
  expect(gateway.sensors[0]?.channels.map(({ name }) => name)).toEqual(channels);
  expect(gateway.sensors[0]).toMatchObject({ topic: "a/#" });
});

test("nothing is overwritten, and then nothing is written", async () => {
  const directory = temporary();
  writeFileSync(join(directory, "gateway.yaml"), "mine");
  await expect(run(testContext(), [directory], defaults)).rejects.toMatchObject({
    code: "FILE_EXISTS",
    message: expect.stringContaining("gateway.yaml"),
  });
  expect(() => readFileSync(join(directory, "edgeloop.yaml"))).toThrow("ENOENT");
});

test.for([
  [{ classes: "one" }, "USAGE"],
  [{ classes: "a,a" }, "USAGE"],
  [{ name: "No Name" }, "NAME_INVALID"],
  [{ rate: "0" }, "USAGE"],
] as const)("%j is refused with %s", async ([options, code]) => {
  await expect(
    run(testContext(), [temporary()], { ...defaults, ...options }),
  ).rejects.toMatchObject({ code });
});
