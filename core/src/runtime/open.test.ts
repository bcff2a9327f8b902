import { expect, test, vi } from "vitest";
import { f32, scalar } from "../graph/tensor.ts";
import { affineModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { openOnWasm, openSession } from "./open.ts";

test("the portable entry runs wasm and sends for native elsewhere", async () => {
  const session = await openSession(affineModel(), { backend: "wasm" });
  expect(await session.run({ x: f32([1, 2], [1, 2]) }, ["s"])).toEqual({ s: scalar(8) });
  await session.dispose();
  await expect(openSession(affineModel(), { backend: "native" })).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
  });
});

test("a module of another shape falls back to the public interface", async () => {
  // Three threads: no other test of this file loads that engine, so this one is asked to instantiate.
  const instantiate = vi.fn(() => {
    throw new TypeError("imports changed");
  });
  const session = await openOnWasm(encodeModel(affineModel()), { threads: 3, instantiate });
  expect(instantiate).toHaveBeenCalledOnce();
  expect(await session.run({ x: f32([1, 2], [1, 2]) }, ["s"])).toEqual({ s: scalar(8) });
  await session.dispose();
});

test("a model that is no model is the model's fault, not the module's", async () => {
  await expect(openOnWasm({ bytes: Uint8Array.of(9) }, {})).rejects.toMatchObject({
    code: "MODEL_INVALID",
  });
});
