import type { BuiltBundle } from "@edgeloop/core/bundle";
import { buildBundle, encodeGoldenExpected, encodeGoldenWindows } from "@edgeloop/core/bundle";
import type { WindowSpec } from "@edgeloop/core/data";
import type { Graph, TensorOf } from "@edgeloop/core/graph";
import { f32, graphBuilder, i64, int } from "@edgeloop/core/graph";
import type { BlobStore, Sha256 } from "@edgeloop/core/platform";
import { parseName, parseSha256, utf8 } from "@edgeloop/core/platform";
import { openSession } from "@edgeloop/core/runtime";

/** A bundle of two classes, `still` and `moving`, told apart by the mean absolute value of a window. */
export type TinyBundle = BuiltBundle & { readonly spec: WindowSpec };

/** How a tiny bundle differs from the plain one. */
export type TinyOptions = {
  readonly version?: number;
  readonly parent?: Sha256 | null;
  readonly line?: string;
  /** Mean absolute value above which a window counts as moving. */
  readonly threshold?: number;
  /** Makes the outputs not finite. */
  readonly broken?: "nan" | "golden";
  readonly latencyP99MsMax?: number;
};

const spec: WindowSpec = { rateHz: 100, lengthSamples: 20, hopSamples: 10 };
const classes = ["still", "moving"] as const;

/** A window of the tiny bundle's shape, `[20, 2]`, every sample `value`. */
export const tinyWindow = (value: number): Float32Array =>
  new Float32Array(spec.lengthSamples * 2).fill(value);

/** Builds a tiny bundle into a blob store; its graphs run on any backend in microseconds. */
export async function tinyBundle(
  blobs: BlobStore,
  {
    version = 1,
    parent = null,
    line = "pumps",
    threshold = 1,
    broken,
    latencyP99MsMax = 1000,
  }: TinyOptions = {},
): Promise<TinyBundle> {
  const graph = tinyGraph(threshold, broken === "nan");
  const golden = await goldenOf(tinyGraph(broken === "golden" ? threshold + 9 : threshold));
  const built = await buildBundle(
    {
      line: parseName(line),
      version,
      parent,
      float: graph,
      int8: graph,
      classes,
      pipeline: {
        window: spec,
        channels: [
          { name: "x", unit: "m/s2" },
          { name: "y", unit: "m/s2" },
        ],
        features: [],
      },
      golden: { ...golden, count: 2, tolerance: { float: 0.01, int8: 0.01 } },
      metrics: { macroF1: 1 },
      profile: utf8("{}"),
      constraints: { bundleBytesMax: 65_536, latencyP99MsMax },
      lineage: {
        problem: parseSha256("0".repeat(64)),
        data: [],
        seed: 1,
        code: "test",
        rounds: [],
      },
    },
    blobs,
  );
  return { ...built, spec };
}

/** Builds the tiny model: `window` `[N, 20, 2]` to `logits` `[N, 2]`. */
export function tinyGraph(threshold = 1, isNan = false): Graph {
  const b = graphBuilder("tiny");
  const window = b.input({
    name: "window",
    dtype: "float32",
    shape: ["N", spec.lengthSamples, 2],
  });
  const mean = b.add("ReduceMean", [b.add("Abs", [window]), b.constant(i64([1, 2]))], {
    attributes: { keepdims: int(0) },
  });
  const column = b.add("Unsqueeze", [mean, b.constant(i64([1]))]);
  const weight = b.initializer("head.weight", f32([-5, 5], [1, 2]));
  const bias = b.initializer("head.bias", f32([5 * threshold, -5 * threshold]));
  const logits = b.add("Add", [b.add("MatMul", [column, weight]), bias]);
  const noise = b.initializer("noise", f32([isNan ? Number.NaN : 0]));
  b.add("Add", [logits, noise], { outputs: ["logits"] });
  b.output({ name: "logits", dtype: "float32", shape: ["N", 2] });
  return b.build();
}

async function goldenOf(graph: Graph): Promise<{ windows: Uint8Array; expected: Uint8Array }> {
  const both = new Float32Array([...tinyWindow(0.25), ...tinyWindow(2)]);
  const packed = encodeGoldenWindows(f32(both, [2, spec.lengthSamples, 2]));
  const session = await openSession(graph, { backend: "wasm" });
  const { logits } = await session.run({ window: packed.windows });
  await session.dispose();
  const outputs = logits as TensorOf<"float32">;
  return {
    windows: packed.bytes,
    expected: encodeGoldenExpected({ float: outputs, int8: outputs }),
  };
}
