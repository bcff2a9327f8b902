import { expect, test } from "vitest";
import type { ValueInfo } from "../graph/graph.ts";
import { f32, scalar } from "../graph/tensor.ts";
import type { TfliteProgram } from "./tflite-program.ts";
import { tfliteSession } from "./tflite-session.ts";

const value = (name: string): ValueInfo => ({ name, dtype: "float32", shape: [1] });

/** `w.next = w - g` and `loss = w`. */
function descent(): TfliteProgram & { released: number } {
  const at = (tensor: { readonly data: ArrayLike<unknown> } | undefined): number =>
    Number(tensor?.data[0]);
  const program = {
    inputs: [value("w"), value("g")],
    outputs: [value("w.next"), value("loss")],
    released: 0,
    execute: ({ w, g }: Parameters<TfliteProgram["execute"]>[0]) => ({
      "w.next": f32([at(w) - at(g)]),
      loss: f32([at(w)]),
    }),
    release: () => {
      program.released += 1;
    },
  };
  return program;
}

test("a loop carries copies from step to step, and only the named outputs come back", async () => {
  const session = tfliteSession(descent());
  const loop = await session.loop({ carry: [["w.next", "w"]], initial: { w: f32([5]) } });
  expect(await loop.step({ g: f32([2]) })).toEqual({ loss: f32([5]) });
  expect(await loop.step({ g: f32([1]) })).toEqual({ loss: f32([3]) });
  expect(await loop.read()).toEqual({ w: f32([2]) });
  const feeds = { w: f32([1]), g: f32([1]) };
  expect(await session.run(feeds, ["loss"])).toEqual({ loss: f32([1]) });
  await expect(loop.step({ g: scalar(1) })).rejects.toMatchObject({ code: "FEED_INVALID" });
});

test("the model is released once, and says so afterwards", async () => {
  const program = descent();
  const session = tfliteSession(program);
  const loop = await session.loop({ carry: [["w.next", "w"]], initial: { w: f32([5]) } });
  await session.dispose();
  await session.dispose();
  expect(program.released).toBe(1);
  const gone = { code: "SESSION_DISPOSED" };
  await expect(session.run({})).rejects.toMatchObject(gone);
  await expect(session.loop({ carry: [], initial: {} })).rejects.toMatchObject(gone);
  await expect(loop.step({})).rejects.toMatchObject(gone);
  await expect(loop.read()).rejects.toMatchObject(gone);
});
