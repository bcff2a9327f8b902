import type { BuiltBundle } from "@edgeloop/core/bundle";
import { buildBundle, encodeGoldenExpected, encodeGoldenWindows } from "@edgeloop/core/bundle";
import type { Graph, Tensor, TensorOf, Tensors } from "@edgeloop/core/graph";
import { f32, graphBuilder, int } from "@edgeloop/core/graph";
import type { BlobStore, Name, Rng } from "@edgeloop/core/platform";
import { gaussian, parseName, parseSha256, seededRng, utf8 } from "@edgeloop/core/platform";
import { observe, quantize, rangesOf } from "@edgeloop/core/quantize";
import { openSession } from "@edgeloop/core/runtime";
import type { Histogram } from "@edgeloop/core/statistics";
import { histogramBuilder } from "@edgeloop/core/statistics";

/** A window of the toy line: `[time, channel]`. */
export const toyShape: readonly [time: number, channel: number] = [4, 2];

/** Classes of the toy line; one of them is what a careless page would execute. */
export const toyClasses: readonly string[] = ["still", "<script>alert(1)</script>"];

/** Name of the toy line. */
export const toyLine: Name = parseName("toys");

/** Windows with their classes. */
export type ToyData = { readonly windows: Float32Array; readonly targets: readonly number[] };

const width = toyShape[0] * toyShape[1];

/**
 * Draws windows: the class is the sign of the second channel's mean; each device has its own offset on the first one.
 *
 * @param count Number of windows.
 */
export function toyData(seed: number, count: number): ToyData {
  const rng = seededRng(seed);
  const offset = gaussian(rng);
  const windows = new Float32Array(count * width);
  const targets = Array.from({ length: count }, (_, row) => {
    const target = rng() < 0.5 ? 0 : 1;
    for (let time = 0; time < toyShape[0]; time += 1) {
      const at = row * width + time * toyShape[1];
      windows[at] = offset + 0.3 * gaussian(rng);
      windows[at + 1] = (target === 0 ? -1 : 1) + 0.5 * gaussian(rng);
    }
    return target;
  });
  return { windows, targets };
}

/** Shapes windows as a model's input. */
export const toyWindows = ({ windows, targets }: ToyData): TensorOf<"float32"> =>
  f32(windows, [targets.length, ...toyShape]);

/** Builds the toy model, untrained: two linear layers; `window` `[N, 4, 2]` to `scores` `[N, 2]`. */
export function toyGraph(seed: number): Graph {
  const rng = seededRng(seed);
  const b = graphBuilder("toy");
  const window = b.input({ name: "window", dtype: "float32", shape: ["N", ...toyShape] });
  const flat = b.add("Flatten", [window], { attributes: { axis: int(1) } });
  const hidden = b.add("Relu", [linear(b, flat, { name: "hidden", rows: 8, columns: width, rng })]);
  const logits = linear(b, hidden, { name: "head", rows: toyClasses.length, columns: 8, rng });
  b.add("Softmax", [logits], { outputs: ["scores"], attributes: { axis: int(-1) } });
  b.output({ name: "scores", dtype: "float32", shape: ["N", toyClasses.length] });
  return b.build();
}

function linear(
  b: ReturnType<typeof graphBuilder>,
  input: string,
  {
    name,
    rows,
    columns,
    rng,
  }: {
    readonly name: string;
    readonly rows: number;
    readonly columns: number;
    readonly rng: Rng;
  },
): string {
  const data = Float32Array.from({ length: rows * columns }, () => 0.3 * gaussian(rng));
  const weight = b.initializer(`${name}.weight`, f32(data, [rows, columns]));
  const bias = b.initializer(`${name}.bias`, f32(new Float32Array(rows)));
  return b.add("Gemm", [input, weight, bias], { name, attributes: { transB: int(1) } });
}

/** Runs a graph once on the WASM runtime. */
export async function runToy(
  graph: Graph,
  window: TensorOf<"float32">,
  outputs: readonly string[],
): Promise<Tensors> {
  const session = await openSession(graph, { backend: "wasm", threads: 1 });
  try {
    return await session.run({ window }, outputs);
  } finally {
    await session.dispose();
  }
}

/** Counts what a graph's observed activations were. */
export async function toyHistograms(
  graph: Graph,
  observed: readonly string[],
  window: TensorOf<"float32">,
): Promise<Readonly<Record<string, Histogram>>> {
  const outputs = await runToy(graph, window, observed);
  return Object.fromEntries(
    observed.map((name) => {
      const builder = histogramBuilder();
      builder.add(floats(outputs[name]));
      return [name, builder.histogram()];
    }),
  );
}

/** Builds version 1 of the toy line into a blob store. */
export async function toyBundle(blobs: BlobStore, seed = 1): Promise<BuiltBundle> {
  const float = toyGraph(seed);
  const lab = toyWindows(toyData(seed, 64));
  const { graph: watched, observed } = observe(float);
  const int8 = quantize(float, rangesOf(await toyHistograms(watched, observed, lab), "minmax"));
  const golden = encodeGoldenWindows(toyWindows(toyData(seed + 1, 4)));
  const scoresOf = async (graph: Graph): Promise<TensorOf<"float32">> =>
    f32(floats((await runToy(graph, golden.windows, ["scores"]))["scores"]), [
      4,
      toyClasses.length,
    ]);
  return await buildBundle(
    {
      line: toyLine,
      version: 1,
      parent: null,
      float,
      int8,
      classes: toyClasses,
      pipeline: {
        window: { rateHz: 4, lengthSamples: toyShape[0], hopSamples: 4 },
        channels: [
          { name: "load", unit: "1" },
          { name: "swing", unit: "1" },
        ],
        features: [],
      },
      golden: {
        windows: golden.bytes,
        expected: encodeGoldenExpected({
          float: await scoresOf(float),
          int8: await scoresOf(int8),
        }),
        count: 4,
        tolerance: { float: 0.001, int8: 0.1 },
      },
      metrics: { macroF1: 0.5 },
      profile: utf8("{}"),
      constraints: { bundleBytesMax: 65_536, latencyP99MsMax: 1000 },
      lineage: {
        problem: parseSha256("0".repeat(64)),
        data: [],
        seed,
        code: "test",
        rounds: [],
      },
    },
    blobs,
  );
}

/** Reads a float32 tensor's data. */
export const floats = (tensor: Tensor | undefined): Float32Array =>
  tensor?.dtype === "float32" ? tensor.data : new Float32Array();
