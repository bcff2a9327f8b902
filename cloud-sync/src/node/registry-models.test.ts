import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadGolden, loadGraph, readManifest } from "@edgeloop/core/bundle";
import { encodeSafetensors, f32 } from "@edgeloop/core/graph";
import { codeOf, parseName } from "@edgeloop/core/platform";
import { systemClock } from "@edgeloop/core/platform/node";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readTensors } from "../aggregate.ts";
import { generateKey } from "../keys.ts";
import { loadModel } from "../line-models.ts";
import type { Line } from "../ota-line.ts";
import { lineOf } from "../ota-line.ts";
import { signOffline } from "../ota-offline.ts";
import type { PublishedCandidate } from "../round-models.ts";
import { floats, runToy, toyHistograms, toyWindows } from "../testing/toy-line.ts";
import { toyBundle, toyData, toyLine } from "../testing.ts";
import type { Registry } from "./registry.ts";
import { openRegistry } from "./registry.ts";
import { registryModels } from "./registry-models.ts";

let directory: string;
let registry: Registry;
const blobs = memoryBlobStore();
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-models-"));
  registry = await registryWith("automatic");
});

async function registryWith(approve: Line["approve"]): Promise<Registry> {
  const [offline, online] = [await generateKey(), await generateKey()];
  const place = { directory: join(directory, approve), key: online, clock: systemClock };
  const opened = await openRegistry(place);
  const { manifest, manifestBytes } = await toyBundle(opened.blobs);
  await opened.importOffline(
    await signOffline({
      key: offline,
      onlineKey: online,
      lines: [lineOf(manifest, { parents: [], approve })],
      releases: [manifestBytes],
      nowUs: systemClock.nowUs(),
    }),
  );
  return opened;
}
afterAll(() => rm(directory, { recursive: true, force: true }));

const models = (of: Registry = registry) =>
  registryModels({
    registry: of,
    blobs,
    settings: {
      optimizer: { kind: "sgd", momentum: 0.9, weightDecay: 0 },
      labelSmoothing: 0.1,
      quantizeAfter: [],
    },
    ranges: "percentile",
    session: { backend: "wasm", threads: 1 },
    code: "1.2.3",
  });

/** A candidate whose parameters moved a little from the newest release. */
async function candidateOf(round: string): Promise<PublishedCandidate> {
  const port = models();
  const blueprint = await port.blueprint(toyLine);
  const base = await readTensors(blobs, blueprint.base);
  const moved = Object.entries(base).map(
    ([name, tensor]) =>
      [
        name,
        f32(
          floats(tensor).map((value) => value + 0.01),
          tensor.shape,
        ),
      ] as const,
  );
  const parameters = await blobs.put(encodeSafetensors(new Map(moved)));
  const watched = await loadModel(await port.observe(blueprint, parameters), blobs);
  const window = toyWindows(toyData(5, 32));
  const histograms = await toyHistograms(watched, blueprint.observed, window);
  const int8 = await port.quantize(blueprint, parameters, histograms);
  const figures = {
    candidate: { accuracy: 0.9, macroF1: 0.8, windows: 32, slices: {}, counts: [16, 0, 3, 13] },
  };
  const rounds = [parseName(round)];
  return { line: toyLine, parent: blueprint.parent, parameters, int8, figures, rounds, seed: 4 };
}

test("a candidate becomes a release inside its line: only parameters change", async () => {
  const candidate = await candidateOf("c1-r1");
  const release = await models().publish(candidate);
  expect(release).toMatchObject({ version: 2, target: "rounds/toys/2.json" });
  const manifest = await readManifest(registry.blobs, release.manifestSha256);
  const parent = await readManifest(registry.blobs, candidate.parent);
  expect(manifest).toMatchObject({
    parent: candidate.parent,
    classes: parent.classes,
    pipeline: parent.pipeline,
    metrics: { macroF1: 0.8, accuracy: 0.9, windows: 32 },
    lineage: { rounds: ["c1-r1"], code: "1.2.3", seed: 4 },
  });
  expect([manifest.float.graph, manifest.int8.graph, manifest.golden.windows]).toEqual([
    parent.float.graph,
    parent.int8.graph,
    parent.golden.windows,
  ]);
  const golden = await loadGolden(manifest, registry.blobs);
  for (const which of ["float", "int8"] as const) {
    const graph = await loadGraph(manifest, registry.blobs, which);
    const scores = (await runToy(graph, golden.windows, ["scores"]))["scores"];
    expect(floats(scores)).toEqual(golden[which].data);
  }
});

test("the same candidate twice is one release, the next one builds on it", async () => {
  const candidate = await candidateOf("c2-r1");
  const port = models();
  const first = await port.publish(candidate);
  expect(await port.publish(candidate)).toEqual(first);
  expect((await port.releases(toyLine)).map(({ version }) => version)).toEqual([1, 2, 3]);
  const manifest = await readManifest(registry.blobs, first.manifestSha256);
  expect(manifest.lineage.rounds).toEqual(["c1-r1", "c2-r1"]);
});

test("a line without a release has no rounds", async () => {
  const unknown = models().blueprint(parseName("other"));
  expect(await unknown.then(() => "BUILT", codeOf)).toBe("LINE_UNKNOWN");
});

test("a line whose every release needs the offline key has no rounds: no device trains in vain", async () => {
  const rounds = models(await registryWith("operator")).blueprint(toyLine);
  await expect(rounds).rejects.toMatchObject({
    code: "LINE_APPROVAL_REQUIRED",
    message: expect.stringContaining("--approve automatic"),
  });
});
