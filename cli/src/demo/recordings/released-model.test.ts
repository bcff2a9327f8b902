import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { sha256, utf8 } from "@edgeloop/core/platform";
import { openFileBlobStore, systemClock } from "@edgeloop/core/platform/node";
import { openSession } from "@edgeloop/core/runtime";
import type { TrainPorts } from "@edgeloop/models";
import { firstRelease } from "@edgeloop/models";
import { expect, test } from "vitest";
import { temporary } from "../../testing.ts";
import { accuracyOf } from "./fold.ts";
import { readReleased } from "./released-model.ts";
import { openStudy } from "./study.ts";
import { recordPeople, studySettings, writeProblem } from "./testing.ts";

const ports: TrainPorts = {
  open: (graph) => openSession(graph, { backend: "wasm", threads: 1 }),
  clock: systemClock,
};

test("a bundle's two graphs are read as they were released", async () => {
  const directory = temporary();
  await recordPeople(directory, ["ann", "bob", "cem"]);
  const problem = await writeProblem(directory);
  const [fold] = (await openStudy(studySettings(directory, { problem, folds: 3 }), ports)).folds;
  if (fold === undefined) throw new Error("no fold");
  const registry = join(directory, "registry");
  mkdirSync(registry);
  const hash = await sha256(utf8("test"));
  const { bundle } = await firstRelease(
    {
      problem: fold.problem,
      examples: fold.field,
      line: "people",
      version: 1,
      lineage: { problem: hash, data: [hash], code: "test" },
    },
    { ...ports, blobs: await openFileBlobStore(join(registry, "blobs")) },
  );
  const { float, int8 } = await readReleased(registry, bundle.sha256);
  expect(await accuracyOf(float, fold.field, ports)).toBeGreaterThan(0.85);
  expect(int8.nodes.some(({ op }) => op === "DequantizeLinear")).toBe(true);
  await expect(readReleased(registry, "0".repeat(64))).rejects.toMatchObject({
    code: "BLOB_MISSING",
  });
});
