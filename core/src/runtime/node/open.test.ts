import { expect, test } from "vitest";
import { f32, scalar } from "../../graph/tensor.ts";
import { affineModel } from "../../testing/session-models.ts";
import type { Backend } from "../session.ts";
import { openSession } from "./open.ts";

test.for<Backend>(["wasm", "native"])("%s opens a graph", async (backend) => {
  const session = await openSession(affineModel(), { backend });
  expect(await session.run({ x: f32([1, 2], [1, 2]) })).toEqual({
    y: f32([3, 5], [1, 2]),
    s: scalar(8),
  });
  await session.dispose();
});

test("two threads give the same numbers", async () => {
  const session = await openSession(affineModel(), { backend: "wasm", threads: 2 });
  expect(await session.run({ x: f32([1, 2], [1, 2]) }, ["s"])).toEqual({ s: scalar(8) });
  await session.dispose();
});
