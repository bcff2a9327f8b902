// Executes graphs directly on the stock runtimes, below edgeloop's own port: what passes are checked against.
import * as web from "onnxruntime-web";
import type { Graph } from "../core/src/graph/graph.ts";
import { encodeOnnx } from "../core/src/graph/onnx-write.ts";
import type { Tensor, Tensors } from "../core/src/graph/tensor.ts";

web.env.wasm.numThreads = 1;
web.env.logLevel = "error";

/** onnxruntime-node, or undefined where it cannot be loaded; tests that need it skip. */
export const native: typeof web | undefined = await import("onnxruntime-node").then(
  (module) => module as unknown as typeof web,
  () => undefined,
);

/** The runtimes that are here, for `test.for`. */
export const engines: readonly (readonly [string, typeof web])[] =
  native === undefined
    ? [["wasm", web]]
    : [
        ["wasm", web],
        ["native", native],
      ];

/** Runs a graph (or an ONNX file) once. */
export async function runGraph(
  model: Graph | Uint8Array,
  feeds: Tensors,
  engine: typeof web = web,
): Promise<Record<string, Tensor>> {
  const bytes = model instanceof Uint8Array ? model : encodeOnnx(model);
  const session = await engine.InferenceSession.create(bytes, { logSeverityLevel: 4 });
  try {
    const outputs = await session.run(
      Object.fromEntries(
        Object.entries(feeds).map(([name, { dtype, data, shape }]) => [
          name,
          new engine.Tensor(dtype as "float32", data as Float32Array, [...shape]),
        ]),
      ),
    );
    return Object.fromEntries(
      Object.entries(outputs).map(([name, { type, dims, data }]) => [
        name,
        { dtype: type, shape: [...dims], data } as unknown as Tensor,
      ]),
    );
  } finally {
    await session.release();
  }
}

/** The largest absolute difference of two numeric tensors; NaN when shapes differ. */
export function difference(a: Tensor | undefined, b: Tensor | undefined): number {
  if (a === undefined || b === undefined || String(a.shape) !== String(b.shape)) return Number.NaN;
  const [x, y] = [a, b].map(({ data }) => Array.from<unknown, number>(data, Number));
  return (x ?? []).reduce(
    (max, value, i) => Math.max(max, Math.abs(value - (y?.[i] ?? Number.NaN))),
    0,
  );
}
