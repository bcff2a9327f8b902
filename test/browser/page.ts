// The script of the test's page: what it offers to whoever drives the tab.

import { f32 } from "@edgeloop/core/graph";
import { openSession } from "@edgeloop/core/runtime";
import type { Learned } from "./learn.ts";
import { learn } from "./learn.ts";

/** Runs in the tab on a file that its server has. */
const runLearn = async (url: string): Promise<Learned> => {
  const response = await fetch(url);
  return await learn(new Uint8Array(await response.arrayBuffer()));
};

/** The answers of a model on a backend, or the code of its refusal. */
const runOn = async (
  url: string,
  backend: "wasm" | "webgpu",
): Promise<readonly number[] | string> => {
  const response = await fetch(url);
  const model = new Uint8Array(await response.arrayBuffer());
  try {
    const session = await openSession(model, { backend });
    const { logits } = await session.run({
      x: f32(
        Float32Array.from({ length: 64 }, (_, at) => Math.sin(at)),
        [8, 8],
      ),
    });
    await session.dispose();
    return Array.from(logits?.data ?? [], Number);
  } catch (error) {
    return String(Object(error).code ?? error);
  }
};

Reflect.set(globalThis, "runLearn", runLearn);
Reflect.set(globalThis, "runOn", runOn);
