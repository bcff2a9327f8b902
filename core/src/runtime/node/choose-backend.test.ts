import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Tensors } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import { affineModel } from "../../testing/session-models.ts";
import type { Backend, Session } from "../session.ts";
import type { ChooseOptions } from "./choose-backend.ts";
import { chooseBackend } from "./choose-backend.ts";

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "edgeloop-choose-"));
});
afterEach(async () => {
  await rm(directory, { recursive: true });
});

const golden: readonly Tensors[] = [{ x: f32([1, 2], [1, 2]) }];

/** A session that answers with one tensor after spinning for some time. */
const fake = (y: number, spinMs: number): Session => ({
  inputs: [],
  outputs: [],
  run: () => {
    const untilMs = performance.now() + spinMs;
    while (performance.now() < untilMs);
    return Promise.resolve({ y: f32([y]) });
  },
  loop: () => Promise.reject(new TypeError("unused")),
  dispose: () => Promise.resolve(),
});
const fakes = (wasm: Session, native: Session): ((backend: Backend) => Promise<Session>) =>
  vi.fn((backend) => Promise.resolve(backend === "wasm" ? wasm : native));
const choose = (over: Partial<ChooseOptions>): ReturnType<typeof chooseBackend> =>
  chooseBackend(affineModel(), {
    golden,
    probe: () => Promise.resolve({ kind: "available" }),
    ...over,
  });

test("the real backends are verified, measured and explained", async () => {
  const { backend, why, medianUs } = await chooseBackend(affineModel(), { golden });
  expect(["wasm", "native"]).toContain(backend);
  expect(why).toMatch(/^native is [\d.]+ times as fast as wasm \(\d+ against \d+ us a run\)/);
  expect(medianUs.wasm).toBeGreaterThan(0);
  expect(medianUs.native).toBeGreaterThan(0);
});

test("native is chosen when it is right and clearly faster", async () => {
  const choice = await choose({ open: fakes(fake(1, 4), fake(1, 1)) });
  expect(choice.backend).toBe("native");
});

test("wasm is chosen when native is no faster", async () => {
  const choice = await choose({ open: fakes(fake(1, 1), fake(1, 2)) });
  expect(choice.backend).toBe("wasm");
});

test("native that computes something else is not chosen, however fast", async () => {
  const choice = await choose({ open: fakes(fake(1, 4), fake(1.1, 0)) });
  expect(choice).toMatchObject({ backend: "wasm", why: expect.stringContaining("differs") });
});

test("native that fails is not chosen", async () => {
  const broken = { ...fake(1, 0), run: () => Promise.reject(new TypeError("no kernel")) };
  const choice = await choose({ open: fakes(fake(1, 0), broken) });
  expect(choice).toMatchObject({ backend: "wasm", why: "native failed: no kernel" });
});

test("native that is not there is not opened", async () => {
  const open = fakes(fake(1, 0), fake(1, 0));
  const probe: ChooseOptions["probe"] = () =>
    Promise.resolve({ kind: "unavailable", reason: "onnxruntime-node is not installed" });
  expect(await choose({ open, probe })).toEqual({
    backend: "wasm",
    why: "native is not available: onnxruntime-node is not installed",
    medianUs: {},
  });
  expect(open).not.toHaveBeenCalled();
});

test("a choice is remembered for the same graph and threads only", async () => {
  const memoryFile = join(directory, "backends.json");
  const open = fakes(fake(1, 4), fake(1, 0));
  const first = await choose({ open, memoryFile });
  expect(await choose({ open, memoryFile })).toEqual(first);
  expect(open).toHaveBeenCalledTimes(2);
  await choose({ open, memoryFile, threads: 2 });
  expect(open).toHaveBeenCalledTimes(4);
});

test("a damaged memory costs a measurement, no more", async () => {
  const memoryFile = join(directory, "backends.json");
  await writeFile(memoryFile, "{ torn");
  expect((await choose({ open: fakes(fake(1, 4), fake(1, 0)), memoryFile })).backend).toBe(
    "native",
  );
});
