import { bundleBytes, loadGolden, loadGraph } from "@edgeloop/core/bundle";
import { parseSha256 } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { quantizeModel } from "../optimize/quantize-model.ts";
import { toneExamples, tonesProblem } from "../testing/tones.ts";
import { modelGraph, pipelineOf } from "../train/model-graph.ts";
import { fitScaling } from "../train/scaling.ts";
import { buildRelease } from "./build-release.ts";

const open = (model: Parameters<typeof openSession>[0]) => openSession(model, { backend: "wasm" });

test("a bundle holds both graphs, and its golden windows give its golden outputs", async () => {
  const examples = toneExamples(80, 2, 1);
  const scaling = fitScaling(examples, tonesProblem.sensor.channels);
  const float = modelGraph(tonesProblem, scaling, 1);
  const int8 = await quantizeModel(float, examples, { open, windowsMax: 32 });
  const blobs = memoryBlobStore();
  const { manifest } = await buildRelease(
    {
      problem: tonesProblem,
      pipeline: pipelineOf(tonesProblem, scaling),
      line: "tones",
      version: 1,
      parent: null,
      float,
      int8,
      examples,
      metrics: { macroF1: 0.5 },
      profile: Uint8Array.of(1),
      lineage: {
        problem: parseSha256("a".repeat(64)),
        data: [],
        seed: 1,
        code: "test",
        rounds: [],
      },
    },
    { blobs, open },
  );
  expect(bundleBytes(manifest)).toBeLessThan(tonesProblem.constraints.bundleBytesMax);
  const golden = await loadGolden(manifest, blobs);
  expect(golden.windows.shape).toEqual([16, 40, 3]);
  for (const kind of ["float", "int8"] as const) {
    const session = await open(await loadGraph(manifest, blobs, kind));
    const { scores } = await session.run({ window: golden.windows });
    expect(scores?.data).toEqual(golden[kind].data);
    await session.dispose();
  }
});
