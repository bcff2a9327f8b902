import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import { encodeOnnx } from "../../graph/onnx-write.ts";
import type { Tensors } from "../../graph/tensor.ts";
import { f32, i64, scalar } from "../../graph/tensor.ts";
import { affineModel, nonZeroModel } from "../../testing/session-models.ts";
import type { Backend, Session } from "../session.ts";
import { fileMemory } from "./choice-memory.ts";
import type { ChooseOptions } from "./choose-backend.ts";
import {
  candidatesOf,
  chooseBackend,
  differenceLimitOf,
  differenceMax,
  floatDifferenceMax,
} from "./choose-backend.ts";

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
const here: NonNullable<ChooseOptions["probe"]> = (backend) =>
  Promise.resolve(
    backend === "native" ? { kind: "available" } : { kind: "unavailable", reason: "not asked" },
  );
const choose = (over: Partial<ChooseOptions>): ReturnType<typeof chooseBackend> =>
  chooseBackend(affineModel(), { golden, probe: here, ...over });

test("the real backends are verified, measured and explained", async () => {
  const { backend, threads, why, trials } = await chooseBackend(affineModel());
  expect(threads).toBe(1);
  const native = trials.find((trial) => trial.backend === "native");
  expect(["right", "unavailable"]).toContain(native?.kind);
  if (native?.kind === "unavailable") expect(why).toContain(native.why);
  expect(trials[0]).toMatchObject({ backend: "wasm", kind: "right" });
  expect(trials.some((trial) => trial.backend === backend && trial.kind === "right")).toBe(true);
  expect(why).toMatch(/wasm.* us a run/);
});

test("the faster of the right ones is chosen, and the wrong one is dropped and named", async () => {
  expect((await choose({ open: fakes(fake(1, 4), fake(1, 1)) })).backend).toBe("native");
  const { backend, why } = await choose({ open: fakes(fake(1, 4), fake(1.1, 0)) });
  expect(backend).toBe("wasm");
  expect(why).toContain("native differs by 0.10 of the largest output");
});

test("what is not there is not opened, and named with its reason", async () => {
  const open = fakes(fake(1, 0), fake(1, 0));
  const probe: ChooseOptions["probe"] = () =>
    Promise.resolve({ kind: "unavailable", reason: "onnxruntime-node is not installed" });
  const { backend, why } = await choose({ open, probe });
  expect(backend).toBe("wasm");
  expect(why).toContain("native is not available: onnxruntime-node is not installed");
  expect(open).toHaveBeenCalledOnce();
});

test("a choice is remembered for the same graph and threads only", async () => {
  const memory = fileMemory(join(directory, "backends.json"));
  const open = fakes(fake(1, 4), fake(1, 0));
  const first = await choose({ open, memory });
  expect(await choose({ open, memory })).toEqual(first);
  expect(open).toHaveBeenCalledTimes(2);
  await choose({ open, memory, threads: 2 });
  expect(open).toHaveBeenCalledTimes(2 + 2 * Math.min(2, availableParallelism()));
});

test("what wasm does not run cannot be verified: its error comes back", async () => {
  const open = (): Promise<Session> => Promise.reject(new TypeError("no such operator"));
  await expect(choose({ open })).rejects.toThrow("no such operator");
});

test("one thread is tried unless more are allowed, and never more than there are cores", () => {
  const counts = (threads: number) =>
    candidatesOf(threads).filter(({ backend }) => backend === "wasm").length;
  expect(counts(1)).toBe(1);
  expect(counts(1024)).toBe(1 + Math.floor(Math.log2(availableParallelism())));
});

test("a quantized model may differ by two steps, a float one hardly, an unreadable one as much", () => {
  const b = graphBuilder("quantized");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.add("QuantizeLinear", ["x", b.constant(scalar(0.1))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "uint8", shape: [2] });
  expect(differenceLimitOf(b.build())).toBe(differenceMax);
  expect(differenceLimitOf(encodeOnnx(b.build()))).toBe(differenceMax);
  expect(differenceLimitOf(affineModel())).toBe(floatDifferenceMax);
  expect(differenceLimitOf(Uint8Array.of(1, 2, 3))).toBe(differenceMax);
});

test("integer inputs keep the golden data: positions are not made up", async () => {
  const seen: unknown[] = [];
  const session: Session = {
    ...fake(1, 0),
    run: (feeds) => {
      seen.push(feeds["at"]);
      return Promise.resolve({ y: f32([1]) });
    },
  };
  await choose({ golden: [{ at: i64([7]) }], open: () => Promise.resolve(session) });
  expect(new Set(seen.map((tensor) => JSON.stringify(Object(tensor).shape)))).toEqual(
    new Set(["[1]"]),
  );
  expect(seen.every((tensor) => Object(tensor).data[0] === 7n)).toBe(true);
});

test("a graph is tried on LiteRT, written as .tflite; what that cannot say is named and dropped", async () => {
  const { trials } = await chooseBackend(encodeOnnx(affineModel()), { golden });
  expect(trials.find(({ backend }) => backend === "litert")?.kind).toBe("right");
  const { why } = await chooseBackend(nonZeroModel(), { golden: [{ x: f32([1, 0, 2]) }] });
  expect(why).toMatch(/litert failed: .*NonZero/);
});
