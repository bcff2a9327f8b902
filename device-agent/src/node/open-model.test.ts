import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, onTestFinished, test } from "vitest";
import { tinyBundle, tinyWindow } from "../testing.ts";
import { modelOpener } from "./open-model.ts";

async function setUp(backend: "auto" | "wasm") {
  const directory = mkdtempSync(join(tmpdir(), "model-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const blobs = memoryBlobStore();
  const { manifest, sha256 } = await tinyBundle(blobs);
  return {
    manifest,
    sha256,
    blobs,
    opener: modelOpener({ blobs, backend, threads: 1, directory }),
  };
}

test("a bundle is served from a worker thread, on wasm until something else is chosen", async () => {
  const { opener, sha256 } = await setUp("auto");
  const classifier = await opener.open(sha256);
  expect(classifier.backend).toBe("wasm");
  onTestFinished(() => classifier.dispose());
  expect((await classifier.classify(tinyWindow(2))).label).toBe("moving");
});

test("a bundle that lacks a blob does not open", async () => {
  const { blobs, manifest, opener, sha256 } = await setUp("wasm");
  await blobs.remove(manifest.int8.graph.sha256);
  await expect(opener.open(sha256)).rejects.toMatchObject({ code: "BLOB_MISSING" });
});

test("wasm is there on every machine", async () => {
  const { opener } = await setUp("wasm");
  expect(await opener.backends()).toContain("wasm");
});
