import { loadGraph, readManifest } from "@edgeloop/core/bundle";
import type { BlobStore, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, parseName, silentLog, virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { createClassifier } from "./classifier.ts";
import { createInstaller } from "./installer.ts";
import { confirmTimeoutMs, confirmWindowsMin } from "./limits.ts";
import { memoryMeter } from "./meter.ts";
import type { SlotState } from "./model-slot.ts";
import { createServing } from "./serving.ts";
import { openSlotKeeper } from "./slot-keeper.ts";
import type { TinyOptions } from "./testing.ts";
import { tinyBundle, tinyWindow } from "./testing.ts";

const signal = new AbortController().signal;

async function setUp() {
  const blobs: BlobStore = memoryBlobStore();
  const disk = { full: false };
  const file = {
    read: () => Promise.resolve(undefined),
    write: (_state: SlotState) =>
      disk.full ? Promise.reject(new EdgeloopError("STORE_FULL", "full")) : Promise.resolve(),
  };
  const slots = await openSlotKeeper(file, silentLog);
  const open = async (identity: Sha256) => {
    const manifest = await readManifest(blobs, identity);
    const session = await openSession(await loadGraph(manifest, blobs, "int8"), {
      backend: "wasm",
    });
    return createClassifier({ identity, manifest, session, backend: "wasm" });
  };
  const clock = virtualClock();
  const shared = { slots, open, meter: memoryMeter(), clock, log: silentLog };
  const serving = createServing({
    ...shared,
    events: { raise: () => undefined },
    onChange: () => undefined,
  });
  const installer = createInstaller({
    ...shared,
    line: "pumps",
    serves: () => true,
    blobs,
    serving,
  });
  const install = (identity: Sha256, line = "pumps") =>
    installer.install(
      { line: parseName(line), target: "releases/pumps/1.json", manifestSha256: identity },
      signal,
    );
  const serveWell = async () => {
    for (let turn = 0; turn < confirmWindowsMin; turn += 1) await serving.classify(tinyWindow(1));
  };
  /** Installs and serves until the trial is over. */
  const installed = async (options: TinyOptions) => {
    const { sha256 } = await tinyBundle(blobs, options);
    const outcome = install(sha256);
    while (serving.current()?.identity !== sha256) await new Promise((next) => setImmediate(next));
    await serveWell();
    return { sha256, outcome: await outcome };
  };
  return { blobs, clock, disk, install, installed, serving, slots };
}

test("a good model passes its gate, serves its trial and is active", async () => {
  const { installed, serving, slots } = await setUp();
  const { outcome, sha256 } = await installed({});
  expect(outcome.kind).toBe("active");
  expect(slots.state().serving).toEqual({ kind: "confirmed", manifest: sha256 });
  expect(serving.current()?.identity).toBe(sha256);
});

const bad: readonly (readonly [string, TinyOptions, string])[] = [
  ["outputs that are not finite", { broken: "nan" }, "MODEL_OUTPUT_INVALID"],
  ["outputs other than the laboratory's", { broken: "golden" }, "MODEL_GOLDEN_MISMATCH"],
  ["another line", { line: "fans" }, "MODEL_LINE_MISMATCH"],
];

test.for(bad)(
  "a model with %s is refused, the old one serves on, and it is refused at sight",
  async ([, options, code]) => {
    const { blobs, install, installed, serving } = await setUp();
    const old = await installed({});
    const { sha256 } = await tinyBundle(blobs, { version: 2, ...options });
    expect(await install(sha256)).toMatchObject({ kind: "refused", code });
    expect(serving.current()?.identity).toBe(old.sha256);
    expect(await install(sha256)).toMatchObject({ kind: "refused", code: "MODEL_FAILED_BEFORE" });
  },
);

test("a bundle whose blobs are not there is refused, and may come again", async () => {
  const { blobs, install, installed } = await setUp();
  const { manifest, sha256 } = await tinyBundle(blobs, { threshold: 7 });
  const graph = await blobs.get(manifest.int8.graph.sha256);
  await blobs.remove(manifest.int8.graph.sha256);
  expect(await install(sha256)).toMatchObject({ kind: "refused", code: "BLOB_MISSING" });
  await blobs.put(graph);
  expect((await installed({ threshold: 7 })).outcome.kind).toBe("active");
});

test("on a full disk nothing is switched, the old model serves on, and the new one may come again", async () => {
  const { blobs, disk, install, installed, serving } = await setUp();
  const old = await installed({});
  const { sha256 } = await tinyBundle(blobs, { version: 2, threshold: 2 });
  disk.full = true;
  // Not a refusal, which would be final and stop the fleet's rollout.
  await expect(install(sha256)).rejects.toMatchObject({ code: "STORE_FULL" });
  expect(serving.current()?.identity).toBe(old.sha256);
  disk.full = false;
  expect((await installed({ version: 2, threshold: 2 })).outcome.kind).toBe("active");
});

test("installing what serves already changes nothing", async () => {
  const { install, installed, slots } = await setUp();
  const { sha256 } = await installed({});
  const before = slots.state();
  expect((await install(sha256)).kind).toBe("active");
  expect(slots.state()).toBe(before);
});

test("a gateway with silent sensors does not wait for ever", async () => {
  const { blobs, clock, install, serving } = await setUp();
  const { sha256 } = await tinyBundle(blobs);
  const outcome = install(sha256);
  while (serving.current() === undefined) await new Promise((next) => setImmediate(next));
  await new Promise((next) => setImmediate(next));
  await clock.advance(confirmTimeoutMs);
  expect((await outcome).kind).toBe("active");
});
