import * as web from "onnxruntime-web";
import type { Graph } from "../../core/src/graph/graph.ts";
import { encodeOnnx } from "../../core/src/graph/onnx-write.ts";
import type { DType, Tensor, Tensors } from "../../core/src/graph/tensor.ts";

web.env.wasm.numThreads = 1;
web.env.logLevel = "error";

type Runtime = Pick<typeof web, "InferenceSession" | "Tensor">;

/** Engines by name; `native` is absent where onnxruntime-node does not load. */
export const runtimes: ReadonlyMap<"wasm" | "native", Runtime> = new Map([
  ["wasm", web as Runtime],
  ...(await import("onnxruntime-node").then(
    (node): ["native", Runtime][] => [["native", node as unknown as Runtime]],
    (): ["native", Runtime][] => [],
  )),
]);

/** A graph opened on a stock ONNX runtime, without any of edgeloop's runtime code. */
export type OpenGraph = {
  run(feeds: Tensors): Promise<Record<string, Tensor>>;
  release(): Promise<void>;
};

/** Opens a graph; what it is fed is not copied. */
export async function openOnnx(
  graph: Graph,
  backend: "wasm" | "native" = "wasm",
): Promise<OpenGraph> {
  const runtime = runtimes.get(backend) ?? web;
  const session = await runtime.InferenceSession.create(encodeOnnx(graph), { logSeverityLevel: 3 });
  return {
    async run(feeds) {
      const made = Object.fromEntries(
        Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
          name,
          new runtime.Tensor(dtype as "float32", data as Float32Array, shape),
        ]),
      );
      const results = await session.run(made);
      return Object.fromEntries(
        Object.entries(results).map(([name, { type, dims, data }]) => [
          name,
          { dtype: type as DType, shape: dims, data: data.slice() } as Tensor,
        ]),
      );
    },
    release: () => session.release(),
  };
}

/** Runs a graph once. */
export async function runOnnx(
  graph: Graph,
  feeds: Tensors,
  backend: "wasm" | "native" = "wasm",
): Promise<Record<string, Tensor>> {
  const opened = await openOnnx(graph, backend);
  try {
    return await opened.run(feeds);
  } finally {
    await opened.release();
  }
}
