import * as api from "onnxruntime-web";
import { expect, test } from "vitest";
import { f32 } from "../graph/tensor.ts";
import { affineModel } from "../testing/session-models.ts";
import { encodeModel } from "./model.ts";
import { ortSession } from "./ort-session.ts";

test("only wanted outputs are asked of the runtime, under their own names", async () => {
  api.env.wasm.numThreads = 1;
  const graph = affineModel();
  const real = await api.InferenceSession.create(encodeModel(graph).bytes);
  const asked: unknown[] = [];
  const session = ortSession({
    api,
    session: {
      ...real,
      run: (feeds: api.InferenceSession.FeedsType, fetches: api.InferenceSession.FetchesType) => {
        asked.push(fetches);
        return real.run(feeds, fetches);
      },
      release: () => real.release(),
    } as unknown as api.InferenceSession,
    backend: "wasm",
    inputs: graph.inputs,
    outputs: graph.outputs,
  });
  await session.run({ x: f32([1, 2], [1, 2]) }, ["s"]);
  expect(asked).toEqual([{ s: null }]);
  await session.dispose();
});
