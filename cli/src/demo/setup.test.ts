import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseCoordinatorConfig } from "@edgeloop/cloud-sync";
import { readCoordinatorConfig } from "@edgeloop/cloud-sync/node";
import { parseProblem } from "@edgeloop/models";
import { afterEach, expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { pumpProblem } from "./problem-text.ts";
import type { SetupOptions } from "./setup.ts";
import { setUpPlant } from "./setup.ts";

const [entry = ""] = process.argv.slice(1, 2);
afterEach(() => {
  process.argv[1] = entry;
});

const score = { accuracy: 0.99, macroF1: 0.98 };
const release = { sha256: "f00", bytes: 1000, float: score, int8: score };

/** A command line that writes down how it is called, and answers as `release` does. */
const standIn = `
import { appendFileSync } from "node:fs";
appendFileSync("calls.txt", JSON.stringify(process.argv.slice(2)) + "\\n");
console.error("doing " + process.argv[2]);
console.log(${JSON.stringify(JSON.stringify(release))});
`;

async function setUp(change: Partial<SetupOptions> = {}) {
  const home = temporary();
  process.argv[1] = join(home, "stand-in.mjs");
  writeFileSync(process.argv[1], standIn);
  const directory = join(home, "plant");
  mkdirSync(directory);
  writeFileSync(join(directory, "left-over"), "");
  const said: string[] = [];
  const plant = await setUpPlant({
    directory,
    problem: pumpProblem,
    laboratory: (folder) => Promise.resolve(join(folder, "laboratory")),
    groupBy: "pump",
    where: ["speed=1", "load=2"],
    devices: 6,
    signal: new AbortController().signal,
    say: (line) => said.push(line),
    ...change,
  });
  const read = (...path: readonly string[]): string =>
    readFileSync(join(directory, ...path), "utf8");
  return { directory, plant, read, said };
}

test("a plant is set up by the commands that a person would type, in an empty folder", async () => {
  const { directory, plant, read, said } = await setUp();
  const calls = read("calls.txt").trim().split("\n");
  const data = join(directory, "laboratory");
  expect(calls.map((line) => JSON.parse(line).join(" "))).toEqual([
    "keys init --role offline --out keys --json",
    "keys init --role online --out keys --json",
    [
      `release edgeloop.yaml --data ${data} --group-by pump --where speed=1 --where load=2`,
      "--line pumps --key keys/offline.json --online-key keys/online.pub.json",
      "--output release-1 --json",
    ].join(" "),
  ]);
  expect(plant).toMatchObject({ directory, release });
  expect(said).toEqual(expect.arrayContaining(["doing keys", "doing release"]));
  expect(read("edgeloop.yaml")).toBe(pumpProblem);
  expect(existsSync(join(directory, "left-over"))).toBe(false);
});

test("the coordinator's file is one that it reads, with the problem's loop and ports of its own", async () => {
  const { directory, plant } = await setUp();
  const config = await readCoordinatorConfig(join(directory, "coordinator.yaml"));
  const { http, mqtt, admin } = plant.ports;
  expect(new Set([http, mqtt, admin]).size).toBe(3);
  expect(config).toMatchObject({
    fleet: "plant",
    line: "pumps",
    http: { host: "127.0.0.1", port: http },
    mqtt: { host: "127.0.0.1", port: mqtt },
    admin: { port: admin, tokenFile: join(directory, "keys", "operator.token") },
    loop: parseProblem(pumpProblem, "edgeloop.yaml").loop,
    limits: { cohortMax: 16 },
  });
});

test("the operator's token is the plant's own, and its owner's alone to read", async () => {
  const [one, two] = [await setUp(), await setUp()];
  expect(one.read("keys", "operator.token")).toBe(one.plant.operatorToken);
  expect(one.plant.operatorToken).toMatch(/^[\w-]{32}$/);
  expect(two.plant.operatorToken).not.toBe(one.plant.operatorToken);
  const { mode } = statSync(join(one.directory, "keys", "operator.token"));
  expect(mode & 0o077).toBe(0);
});

test("a bigger fleet gets a bigger cohort, and parts of the file can be replaced", async () => {
  const { read } = await setUp({ devices: 20, coordinator: { aggregateRestMs: 0 } });
  const config = parseCoordinatorConfig(read("coordinator.yaml"), "coordinator.yaml");
  expect(config.limits).toMatchObject({ cohortMax: 20 });
  expect(config).toMatchObject({ aggregateRestMs: 0 });
});

test("more gateways on the same processors get more time; six get what four minutes allow", async () => {
  const deadlinesFor = async (devices: number) => {
    const { read } = await setUp({ devices });
    const { deadlines, rollout } = parseCoordinatorConfig(read("coordinator.yaml"), "c.yaml");
    return { ...deadlines, stageS: rollout.stageS };
  };
  const six = await deadlinesFor(6);
  expect(six).toMatchObject({ trainingS: 60, calibratingS: 45, evaluatingS: 45, stageS: 60 });
  expect(await deadlinesFor(3)).toEqual(six);
  expect(await deadlinesFor(32)).toMatchObject({
    ...{ trainingS: 320, calibratingS: 160, evaluatingS: 160, stageS: 320 },
  });
});
