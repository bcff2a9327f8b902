import * as api from "onnxruntime-web";
import { expect, test } from "vitest";
import type { Tensor } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import { descentModel } from "../testing/session-models.ts";
import { openOrtLoop } from "./ort-loop.ts";
import { publicRunnable } from "./ort-program.ts";
import { toOrt } from "./ort-tensor.ts";

const carry = [
  ["w.next", "w"],
  ["count.next", "count"],
] as const;
const initial = { w: f32([1, 2]), count: i64([0], []) };
const feed = (tensor: Tensor): api.Tensor => toOrt(api, tensor);
const feeds = { g: f32([1, 1], [1, 2]), rate: scalar(1) };

type Fetches = Readonly<Record<string, api.Tensor | null>>;
function recording(): { readonly fetched: Fetches[]; readonly session: api.InferenceSession } {
  const fetched: Fetches[] = [];
  const run = (given: Fetches, fetches: Fetches): Promise<unknown> => {
    fetched.push(fetches);
    const loss = new api.Tensor("float32", Float32Array.of(0), []);
    return Promise.resolve({
      loss,
      "w.next": fetches["w.next"] ?? given["w"],
      "count.next": fetches["count.next"] ?? given["count"],
    });
  };
  return { fetched, session: { run } as unknown as api.InferenceSession };
}

test("native writes into two buffers in turn, and never where it reads", async () => {
  const { fetched, session } = recording();
  const { inputs, outputs } = descentModel();
  const program = {
    feed,
    session: publicRunnable(session),
    backend: "native",
    inputs,
    outputs,
  } as const;
  const loop = openOrtLoop(program, { carry, initial }, () => undefined);
  for (let step = 0; step < 4; step += 1) await loop.step(feeds);
  const buffers = fetched.map((fetches) => fetches["w.next"]);
  expect(buffers[2]).toBe(buffers[0]);
  expect(buffers[3]).toBe(buffers[1]);
  expect(buffers[1]).not.toBe(buffers[0]);
});

test("wasm gets no buffer of ours, which it would leave untouched", async () => {
  const { fetched, session } = recording();
  const { inputs, outputs } = descentModel();
  const program = {
    feed,
    session: publicRunnable(session),
    backend: "wasm",
    inputs,
    outputs,
  } as const;
  const loop = openOrtLoop(program, { carry, initial }, () => undefined);
  await loop.step(feeds);
  expect(fetched).toEqual([{ loss: null, "w.next": null, "count.next": null }]);
});
