import * as api from "onnxruntime-web";
import { expect, test } from "vitest";
import { f32 } from "../graph/tensor.ts";
import { affineModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { publicRunnable } from "./ort-program.ts";
import { ortSession } from "./ort-session.ts";
import { toOrt } from "./ort-tensor.ts";

test("only wanted outputs are asked of the runtime, under their own names", async () => {
  api.env.wasm.numThreads = 1;
  const graph = affineModel();
  const real = await api.InferenceSession.create(encodeModel(graph).bytes);
  const asked: unknown[] = [];
  const runnable = publicRunnable(real);
  const session = ortSession({
    feed: (tensor) => toOrt(api, tensor),
    session: {
      run: (feeds, fetches) => {
        asked.push(fetches);
        return runnable.run(feeds, fetches);
      },
      release: () => runnable.release(),
    },
    backend: "wasm",
    inputs: graph.inputs,
    outputs: graph.outputs,
  });
  await session.run({ x: f32([1, 2], [1, 2]) }, ["s"]);
  expect(asked).toEqual([{ s: null }]);
  await session.dispose();
});
