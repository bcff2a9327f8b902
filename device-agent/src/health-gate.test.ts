import type { Golden } from "@edgeloop/core/bundle";
import { loadGolden, loadGraph } from "@edgeloop/core/bundle";
import type { Clock } from "@edgeloop/core/platform";
import { virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
import type { Classifier } from "./classifier.ts";
import { createClassifier } from "./classifier.ts";
import { checkHealth } from "./health-gate.ts";
import type { TinyOptions } from "./testing.ts";
import { tinyBundle } from "./testing.ts";

async function open(options: TinyOptions): Promise<[Classifier, Golden]> {
  const blobs = memoryBlobStore();
  const { manifest, sha256 } = await tinyBundle(blobs, options);
  const graph = await loadGraph(manifest, blobs, "int8");
  const session = await openSession(graph, { backend: "wasm" });
  onTestFinished(() => session.dispose());
  return [
    createClassifier({ identity: sha256, manifest, session, backend: "wasm" }),
    await loadGolden(manifest, blobs),
  ];
}

const cases: readonly (readonly [string, TinyOptions, string])[] = [
  ["a model that gives its golden outputs", {}, "healthy"],
  ["a model that gives NaN", { broken: "nan" }, "MODEL_OUTPUT_INVALID"],
  ["a model that gives other outputs", { broken: "golden" }, "MODEL_GOLDEN_MISMATCH"],
];

test.for(cases)("%s is %j: %s", async ([, options, expected]) => {
  const health = await checkHealth(...(await open(options)), virtualClock());
  expect(health.kind === "healthy" ? health.kind : health.code).toBe(expected);
});

/** A clock on which the nth run takes so many milliseconds. */
function runsTaking(timesMs: (run: number) => number): Clock {
  let nowMs = 0;
  let reads = 0;
  return {
    ...virtualClock(),
    monotonicMs: () => {
      reads += 1;
      if (reads % 2 === 0) nowMs += timesMs(reads / 2 - 1);
      return nowMs;
    },
  };
}

test("a model that is always too slow is refused", async () => {
  const opened = await open({ latencyP99MsMax: 25 });
  const health = await checkHealth(
    ...opened,
    runsTaking(() => 26),
  );
  expect(health).toMatchObject({ kind: "unhealthy", code: "MODEL_TOO_SLOW" });
});

test("a machine that is busy for a moment refuses no model", async () => {
  const opened = await open({ latencyP99MsMax: 25 });
  const health = await checkHealth(
    ...opened,
    runsTaking((run) => (run < 2 ? 500 : 3)),
  );
  expect(health).toEqual({ kind: "healthy", windows: 2, latencyMs: 3 });
});
