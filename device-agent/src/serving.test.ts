import { loadGraph, readManifest } from "@edgeloop/core/bundle";
import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, silentLog, virtualClock } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";
import { memoryBlobStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import type { Classifier } from "./classifier.ts";
import { createClassifier } from "./classifier.ts";
import { confirmWindowsMin, startsMax } from "./limits.ts";
import { memoryMeter } from "./meter.ts";
import type { SlotState } from "./model-slot.ts";
import { createServing } from "./serving.ts";
import { openSlotKeeper } from "./slot-keeper.ts";
import { tinyBundle, tinyWindow } from "./testing.ts";

/** Serving over real sessions; `break_` makes the classifier of one model fail with a code. */
async function setUp() {
  const blobs = memoryBlobStore();
  const [first, second] = [await tinyBundle(blobs), await tinyBundle(blobs, { threshold: 2 })];
  let stored: unknown;
  const disk = { failures: 0 };
  const file = {
    read: () => Promise.resolve(stored),
    write: (state: SlotState) => {
      disk.failures -= 1;
      if (disk.failures >= 0) return Promise.reject(new EdgeloopError("ENOSPC", "told to be full"));
      stored = structuredClone(state);
      return Promise.resolve();
    },
  };
  const broken = new Map<Sha256, { code: string; times: number }>();
  const raised: string[] = [];
  const meter = memoryMeter();
  let restarts = 0;
  const open = async (identity: Sha256): Promise<Classifier> => {
    const manifest = await readManifest(blobs, identity);
    const session = await openSession(await loadGraph(manifest, blobs, "int8"), {
      backend: "wasm",
    });
    const classifier = createClassifier({ identity, manifest, session, backend: "wasm" });
    return {
      ...classifier,
      classify: (data) => {
        const fault = broken.get(identity);
        if (fault === undefined || fault.times === 0) return classifier.classify(data);
        fault.times -= 1;
        return Promise.reject(new EdgeloopError(fault.code, "told to fail"));
      },
      restart: () => {
        restarts += 1;
        return Promise.resolve();
      },
    };
  };
  const build = async () => {
    const slots = await openSlotKeeper(file, silentLog);
    const serving = createServing({
      slots,
      open,
      events: { raise: ({ code }) => raised.push(code) },
      meter,
      clock: virtualClock(),
      log: silentLog,
      onChange: () => undefined,
    });
    return { slots, serving };
  };
  return {
    ids: [first.sha256, second.sha256] as const,
    break_: (identity: Sha256, code: string, times = Number.POSITIVE_INFINITY) =>
      broken.set(identity, { code, times }),
    build,
    disk,
    open,
    raised,
    meter,
    restarts: () => restarts,
  };
}

/** The first model confirmed, the second on trial. */
async function onTrial() {
  const all = await setUp();
  const built = await all.build();
  const { serving } = built;
  await serving.activate(await all.open(all.ids[0]));
  for (let turn = 0; turn < confirmWindowsMin; turn += 1) await serving.classify(tinyWindow(1));
  await serving.activate(await all.open(all.ids[1]));
  return { ...all, ...built };
}

test("nothing serves before anything was installed", async () => {
  const { build } = await setUp();
  const { serving } = await build();
  await serving.start();
  expect(await serving.classify(tinyWindow(1))).toBeUndefined();
});

test("a trial that fails a window gives way to the old model at once, and the verdict is no", async () => {
  const { break_, ids, meter, raised, serving } = await onTrial();
  const verdict = serving.verdict(ids[1]);
  break_(ids[1], "RUN_FAILED");
  expect(await serving.classify(tinyWindow(1.5))).toBeUndefined();
  expect(await verdict).toBe(false);
  expect(raised).toContain("MODEL_ROLLED_BACK");
  const served = await serving.classify(tinyWindow(1.5));
  expect(served?.classifier.identity).toBe(ids[0]);
  // 1.5 is above the first model's threshold of 1 and below the second's of 2.
  expect(served?.classification.label).toBe("moving");
  expect(meter.read("inferenceFailures", ["RUN_FAILED"])).toBe(1);
});

test("a worker that dies once is started again and its window is not lost", async () => {
  const { break_, ids, restarts, serving } = await onTrial();
  break_(ids[1], "WORKER_DIED", 1);
  expect((await serving.classify(tinyWindow(3)))?.classifier.identity).toBe(ids[1]);
  expect(restarts()).toBe(1);
});

test("a confirmed model that fails a window goes on serving", async () => {
  const { break_, ids, serving } = await onTrial();
  const verdict = serving.verdict(ids[1]);
  for (let turn = 0; turn < confirmWindowsMin; turn += 1) await serving.classify(tinyWindow(1));
  expect(await verdict).toBe(true);
  break_(ids[1], "RUN_FAILED", 1);
  expect(await serving.classify(tinyWindow(1))).toBeUndefined();
  expect((await serving.classify(tinyWindow(1)))?.classifier.identity).toBe(ids[1]);
});

test("a gateway that keeps crashing with a new model starts with the old one", async () => {
  const { build, ids, raised } = await onTrial();
  for (let crash = 0; crash < startsMax; crash += 1) {
    const { serving } = await build();
    await serving.start();
    expect(serving.current()?.identity).toBe(ids[1]);
  }
  const { serving } = await build();
  await serving.start();
  expect(serving.current()?.identity).toBe(ids[0]);
  expect(raised).toContain("MODEL_ROLLED_BACK");
});

test("windows that are under way at a switch are served by one model or the other, none is lost", async () => {
  const { ids, open, serving } = await onTrial();
  const classified = Array.from({ length: 50 }, () => serving.classify(tinyWindow(1)));
  const switched = serving.activate(await open(ids[0]));
  const more = Array.from({ length: 50 }, () => serving.classify(tinyWindow(1)));
  await switched;
  const served = await Promise.all([...classified, ...more]);
  expect(served.filter((one) => one === undefined)).toEqual([]);
});

test("a full disk at the confirming window loses no prediction and blames no model", async () => {
  const { disk, ids, raised, serving, slots } = await onTrial();
  for (let turn = 1; turn < confirmWindowsMin; turn += 1) await serving.classify(tinyWindow(1));
  disk.failures = 3;
  for (let turn = 0; turn < 3; turn += 1) {
    expect((await serving.classify(tinyWindow(3)))?.classifier.identity).toBe(ids[1]);
  }
  expect(slots.state().serving?.kind).toBe("trial");
  expect(slots.state().failed).toEqual([]);
  expect(raised).toContain("SLOTS_UNWRITTEN");
  // There is room again: the next window confirms.
  await serving.classify(tinyWindow(3));
  expect(slots.state().serving).toEqual({ kind: "confirmed", manifest: ids[1] });
});

test("a gateway starts on a full disk and serves what the slot names", async () => {
  const { build, disk, ids } = await onTrial();
  disk.failures = Number.POSITIVE_INFINITY;
  const { serving } = await build();
  await serving.start();
  expect((await serving.classify(tinyWindow(3)))?.classifier.identity).toBe(ids[1]);
});
