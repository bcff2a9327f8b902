import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseLine } from "@edgeloop/cloud-sync";
import { readReleasePackage } from "@edgeloop/cloud-sync/node";
import { writeRecording } from "@edgeloop/core/data/node";
import { utf8 } from "@edgeloop/core/platform";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { problemFile } from "../init/project-files.ts";
import { openLocalPackage } from "../release/local-package.ts";
import { temporary, testContext } from "../testing.ts";
import { run as keysInit } from "./keys-init.ts";
import { run } from "./release.ts";

const project = {
  name: "shaker",
  sensor: "vibration",
  topic: "t",
  channels: [{ name: "x", unit: "m/s2" }],
  rateHz: 50,
  classes: ["slow", "fast"],
  gateway: "g",
  fleet: "f",
} as unknown as Parameters<typeof problemFile>[0];

/** Two takes of sine waves, 20 s each. */
async function recorded(fastHz = 9) {
  const directory = temporary();
  const problem = join(directory, "edgeloop.yaml");
  writeFileSync(problem, problemFile(project).replace("epochs: 30", "epochs: 8"));
  const data = join(directory, "recordings");
  for (const [label, hz] of [["slow", 2] as const, ["fast", fastHz] as const]) {
    const timesUs = Float64Array.from({ length: 1000 }, (_, row) => row * 20_000);
    await writeRecording(
      join(data, label),
      { ...project, attributes: { take: label }, origin: "sines" },
      {
        timesUs,
        data: Float32Array.from(timesUs, (us) => Math.sin((2 * Math.PI * hz * us) / 1e6)),
        labels: [{ startUs: 0, endUs: 20e6, label, by: "test" }],
      },
      { synced: false },
    );
  }
  const options = { data, groupBy: "take", output: join(directory, "out"), backend: "wasm" };
  return { directory, problem, options };
}

test("without keys a package is for this machine's gateway", async () => {
  const { problem, options } = await recorded();
  const context = testContext();
  const made = await run(context, [problem], options);
  expect(made).toMatchObject({ line: "shaker", version: 1, signed: false });
  expect(made?.["slices"]).toMatchObject([
    { attribute: "take", windows: expect.any(Number), macroF1: expect.any(Number) },
    { attribute: "take" },
  ]);
  const at = context.said.indexOf("int8 by take, the worst first:");
  expect(context.said.slice(at + 1).join("\n")).toMatch(/^ {2}(slow|fast) +accuracy .* windows$/m);
  const blobs = memoryBlobStore();
  const release = await (await openLocalPackage(options.output, "shaker")).putInto(blobs);
  expect(release).toMatchObject({ manifestSha256: made?.["sha256"] });
  expect(context.progressed[0]).toMatch(/^epoch 1 of 8, loss /);
});

test("with keys it is signed, and one key alone is wrong usage", async () => {
  const { directory, problem, options } = await recorded();
  const out = join(directory, "keys");
  for (const role of ["offline", "online"]) await keysInit(testContext(), [], { role, out });
  const key = join(out, "offline.json");
  const onlineKey = join(out, "online.pub.json");
  await expect(run(testContext(), [problem], { ...options, key })).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("--online-key"),
  });
  const made = await run(testContext(), [problem], { ...options, key, onlineKey });
  expect(made).toMatchObject({ signed: true });
  const { files } = await readReleasePackage(options.output);
  expect([...files.keys()].toSorted()).toEqual(["lines/shaker.json", "releases/shaker/1.json"]);
  expect(parseLine(files.get("lines/shaker.json") ?? utf8(""))).toMatchObject({
    approve: "automatic",
  });
  const output = join(directory, "strict");
  const strict = { ...options, key, onlineKey, output, approve: "operator" };
  await run(testContext(), [problem], strict);
  const line = (await readReleasePackage(output)).files.get("lines/shaker.json");
  expect(parseLine(line ?? utf8(""))).toMatchObject({ approve: "operator" });
  await expect(
    run(testContext(), [problem], { ...strict, approve: "nobody" }),
  ).rejects.toMatchObject({ code: "USAGE", message: expect.stringContaining("--approve") });
});

test("a model that tells nothing apart is not released, and the message says what to do", async () => {
  const { problem, options } = await recorded(2);
  await expect(run(testContext(), [problem], options)).rejects.toMatchObject({
    code: "OBJECTIVE_MISSED",
    message: expect.stringContaining("more data"),
  });
});

test("a slice that the recordings know nothing of is refused before anything is trained", async () => {
  const { problem, options } = await recorded();
  writeFileSync(problem, readFileSync(problem, "utf8").replace("slices: [take]", "slices: [tkae]"));
  const context = testContext();
  await expect(run(context, [problem], options)).rejects.toMatchObject({
    code: "PROBLEM_INVALID",
    message: expect.stringMatching(/edgeloop\.yaml:\d+: slices\.0: .*has take$/),
  });
  expect(context.progressed).toEqual([]);
});
