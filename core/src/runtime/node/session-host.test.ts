import { expect, test } from "vitest";
import { f32, i64, scalar } from "../../graph/tensor.ts";
import { descentModel } from "../../testing/session-models.ts";
import { encodeModel } from "../model.ts";
import { sessionHost } from "./session-host.ts";

test("nothing runs before a model is open, nor after it is gone", async () => {
  const host = sessionHost();
  const gone = expect.objectContaining({ code: "SESSION_DISPOSED" });
  expect(() => host.run({})).toThrow(gone);
  await host.open(encodeModel(descentModel()), { backend: "wasm" });
  await host.dispose();
  expect(() => host.run({})).toThrow(gone);
  expect(() => host.step(1, {})).toThrow(gone);
});

test("loops are numbers, and an ended one is gone", async () => {
  const host = sessionHost();
  const { inputs } = await host.open(encodeModel(descentModel()), { backend: "wasm" });
  expect(inputs).toEqual(descentModel().inputs);
  const loop = await host.loop({
    carry: [
      ["w.next", "w"],
      ["count.next", "count"],
    ],
    initial: { w: f32([1, 2]), count: i64([0], []) },
  });
  expect(await host.step(loop, { g: f32([1, 1], [1, 2]), rate: scalar(1) })).toEqual({
    loss: scalar(3),
  });
  expect(await host.read(loop, ["w"])).toEqual({ w: f32([0, 1]) });
  await host.endLoop(loop);
  expect(() => host.read(loop)).toThrow(expect.objectContaining({ code: "SESSION_DISPOSED" }));
  await host.dispose();
});
