import type { Graph, Node } from "../graph/graph.ts";
import type { Tensor } from "../graph/tensor.ts";
import { f32 } from "../graph/tensor.ts";
import type { CalibrationData } from "./calibrate.ts";
import type { QuantizationOptions } from "./observe.ts";
import { nodeTitle, planOf, withObserved } from "./observe.ts";
import { quantize } from "./quantize.ts";
import type { Ranges } from "./ranges.ts";

/** A float graph whose int8 form has the means of the graph that it came from. */
export type BiasCorrection = {
  readonly graph: Graph;
  /** Layers that got another bias. */
  readonly corrected: readonly string[];
  /** Layers without a bias: a product has no place for one. */
  readonly skipped: readonly string[];
};

/**
 * Takes from each bias what rounding adds to the mean of its channel, as calibration data show: layer by layer, each
 * after those before it were corrected. The graph keeps its structure but for a bias where a convolution had none.
 *
 * Quantize the result with the same ranges and options.
 *
 * @throws `RANGE_MISSING`, and what running throws.
 * @see Nagel et al. 2019, arXiv:1906.04721, section 4.2 (empirical bias correction)
 */
export async function correctBias(
  graph: Graph,
  data: CalibrationData,
  { ranges, ...options }: QuantizationOptions & { readonly ranges: Ranges },
): Promise<BiasCorrection> {
  const { graph: small, plan } = planOf(graph, options);
  const layers = small.nodes.filter((node) => plan.weighted.has(node));
  const able = layers.filter((node) => node.op !== "MatMul");
  let corrected = withBiases(small, able);
  const targets = await meansOf(
    corrected,
    able.map((node) => node.outputs[0] ?? ""),
    data,
  );
  for (const node of able) {
    const [value = ""] = node.outputs;
    const int8 = quantize(corrected, ranges, options);
    const isRounded = int8.nodes.some(({ outputs }) => outputs.includes(`${value}.float`));
    const name = isRounded ? `${value}.float` : value;
    const means = (await meansOf(int8, [name], data)).get(name) ?? [];
    const target = targets.get(value) ?? [];
    corrected = withShift(
      corrected,
      biasName(node, corrected),
      means.map((mean, channel) => mean - (target[channel] ?? mean)),
    );
    data.onRun?.();
  }
  const titles = (nodes: readonly Node[]): readonly string[] => nodes.map(nodeTitle);
  return {
    graph: corrected,
    corrected: titles(able),
    skipped: titles(layers.filter((node) => !able.includes(node))),
  };
}

/** Gives a bias of zeros to those without. */
function withBiases(graph: Graph, layers: readonly Node[]): Graph {
  const initializers = new Map(graph.initializers);
  const nodes = graph.nodes.map((node) => {
    const [input = "", weight = "", bias = ""] = node.inputs;
    if (!layers.includes(node) || bias !== "") return node;
    const name = `${weight}.bias`;
    const { shape } = graph.initializers.get(weight) ?? { shape: [] };
    const axis = node.op === "ConvTranspose" || (node.op === "Gemm" && !isTransposed(node)) ? 1 : 0;
    initializers.set(name, f32(new Float32Array(shape[axis] ?? 0)));
    return { ...node, inputs: [input, weight, name] };
  });
  return { ...graph, nodes, initializers };
}

const isTransposed = ({ attributes }: Node): boolean =>
  attributes["transB"]?.kind === "int" && attributes["transB"].value === 1;

function biasName({ outputs }: Node, graph: Graph): string {
  const node = graph.nodes.find((other) => other.outputs[0] === outputs[0]);
  return node?.inputs[2] ?? "";
}

function withShift(graph: Graph, name: string, shift: readonly number[]): Graph {
  const bias = graph.initializers.get(name);
  if (bias?.dtype !== "float32") return graph;
  const moved = bias.data.map((b, channel) => b - (shift[channel] ?? 0));
  return { ...graph, initializers: new Map(graph.initializers).set(name, f32(moved, bias.shape)) };
}

/** The mean of each channel of some values, over examples and positions. */
async function meansOf(
  graph: Graph,
  names: readonly string[],
  { batches, open, signal }: CalibrationData,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const sums = new Map<string, { sums: Float64Array; count: number }>();
  const session = await open(withObserved(graph, names));
  try {
    for (const feeds of batches) {
      signal?.throwIfAborted();
      for (const [name, tensor] of Object.entries(await session.run(feeds, names))) {
        const found = sums.get(name) ?? {
          ...{ sums: new Float64Array(tensor.shape[1] ?? 1), count: 0 },
        };
        found.count += addChannels(found.sums, tensor);
        sums.set(name, found);
      }
    }
  } finally {
    await session.dispose();
  }
  return new Map(
    [...sums].map(([name, found]) => [name, Array.from(found.sums, (sum) => sum / found.count)]),
  );
}

/** Adds up each channel of `[N, C, …]`; returns how many values a channel has. */
function addChannels(sums: Float64Array, { shape, data }: Tensor): number {
  const stride = shape.slice(2).reduce((n, dim) => n * dim, 1);
  for (let i = 0; i < data.length; i += 1) {
    const channel = Math.floor(i / stride) % sums.length;
    sums[channel] = (sums[channel] ?? 0) + Number(data[i]);
  }
  return data.length / sums.length;
}
