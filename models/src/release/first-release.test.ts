import { parseSha256, virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { toneExamples, tonesProblem } from "../testing/tones.ts";
import { firstRelease, holdOut } from "./first-release.ts";

const ports = {
  open: (model: Parameters<typeof openSession>[0]) => openSession(model, { backend: "wasm" }),
  clock: virtualClock(),
  blobs: memoryBlobStore(),
};
const options = {
  examples: toneExamples(200, 2, 1),
  line: "tones",
  version: 1,
  lineage: { problem: parseSha256("a".repeat(64)), data: [], code: "test" },
};

test("a problem and recordings become a bundle that says how good it is", async () => {
  const release = await firstRelease({ ...options, problem: tonesProblem }, ports);
  expect(release).toMatchObject({ trainedWindows: 160, heldOutWindows: 40 });
  expect(release.int8.macroF1).toBeGreaterThan(0.95);
  expect(Math.abs(release.int8.accuracy - release.float.accuracy)).toBeLessThanOrEqual(0.025);
  const { metrics } = release.bundle.manifest;
  expect(metrics["macroF1Int8"]).toBe(release.int8.macroF1);
  expect(release.slices.map(({ value }) => value).toSorted()).toEqual(["probe-0", "probe-1"]);
  const windows = release.slices.map((slice) => slice.windows);
  expect(windows).toEqual([20, 20]);
  const [worst] = release.slices;
  expect(metrics[`macroF1Int8/probe=${worst?.value}`]).toBe(worst?.macroF1);
  expect(worst?.macroF1).toBeLessThanOrEqual(release.int8.macroF1);
});

test("a model below the objective is not released", async () => {
  const objective = { metric: "accuracy", atLeast: 1.01 } as const;
  await expect(
    firstRelease({ ...options, problem: { ...tonesProblem, objective } }, ports),
  ).rejects.toMatchObject({ code: "OBJECTIVE_MISSED" });
});

test("what is held out is the end of each group", () => {
  const { train, held } = holdOut(toneExamples(20, 2, 1));
  expect(train.groups.filter((group) => group === "probe-0")).toHaveLength(8);
  expect(held.groups).toEqual(["probe-0", "probe-0", "probe-1", "probe-1"]);
});
