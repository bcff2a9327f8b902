import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseProblem } from "@edgeloop/models";
import { loadExamples } from "@edgeloop/models/node";
import { expect, test } from "vitest";
import { recordLaboratory } from "./laboratory.ts";
import { pumpProblem } from "./problem-text.ts";

test("the recordings fit the demo's problem and show every class on every pump", async () => {
  const directory = await mkdtemp(join(tmpdir(), "edgeloop-laboratory-"));
  const folder = await recordLaboratory(directory, 1);
  const problem = parseProblem(pumpProblem, "edgeloop.yaml");
  const examples = await loadExamples(problem, { directory: folder, where: {}, groupBy: "pump" });
  expect(examples.labels.length).toBe(3 * 599);
  const seen = new Set(examples.groups.map((group, row) => `${group} ${examples.labels[row]}`));
  expect(seen.size).toBe(12);
  await rm(directory, { recursive: true });
});
