import type { Graph } from "../graph/graph.ts";
import { inferValues } from "../graph/infer.ts";
import { simplify } from "../graph/simplify.ts";
import type { Tensors } from "../graph/tensor.ts";
import type { CalibrationData } from "./calibrate.ts";
import type { QuantizationOptions } from "./observe.ts";
import { nodeTitle, observedName, planOf, withObserved } from "./observe.ts";
import { noiseMeter } from "./signal-to-noise.ts";

/** How much of something survives rounding. */
export type Noise = {
  /** A tensor's name, or a layer's as `nodeTitle` tells it. */
  readonly name: string;
  /** What makes the tensor; `input` where nothing does. */
  readonly operator: string;
  /** Infinity where nothing is lost. */
  readonly signalToNoiseDb: number;
};

/** A layer that can be rounded or left in float. */
export type Layer = Pick<Noise, "name" | "operator">;

/** Lists the layers of a graph that have weights which become integers. */
export function layersOf(graph: Graph, options: QuantizationOptions = {}): readonly Layer[] {
  const { graph: small, plan } = planOf(graph, options);
  return small.nodes
    .filter((node) => plan.weighted.has(node))
    .map((node) => ({ name: nodeTitle(node), operator: node.op }));
}

type Pair = Layer & { readonly exact: string; readonly rounded: string };

/**
 * Measures how far each float tensor of a rounded graph is from the original, all errors before it included.
 *
 * @param rounded What `quantize` or another form of it made of the graph: values keep their names.
 */
export async function tensorNoise(
  graph: Graph,
  rounded: Graph,
  data: CalibrationData,
): Promise<readonly Noise[]> {
  const small = simplify(graph);
  const pairs = pairsOf(small, rounded);
  const exact = await data.open(
    withObserved(
      small,
      pairs.map(({ name }) => name),
    ),
  );
  const names = pairs.map((pair) => pair.rounded);
  const approximate = await data.open(withObserved(rounded, names));
  const meters = pairs.map((pair) => ({ pair, meter: noiseMeter() }));
  try {
    for (const feeds of data.batches) {
      data.signal?.throwIfAborted();
      const [a, b] = [await exact.run(feeds), await approximate.run(feeds)];
      for (const { pair, meter } of meters) {
        const [x, y] = [a[pair.exact], b[pair.rounded]];
        if (x?.dtype === "float32" && y?.dtype === "float32") meter.add(x.data, y.data);
      }
      data.onRun?.();
    }
  } finally {
    await exact.dispose();
    await approximate.dispose();
  }
  return meters.map(({ pair: { name, operator }, meter }) => ({
    ...{ name, operator, signalToNoiseDb: meter.decibels() },
  }));
}

/** Float values that both graphs have: inputs after rounding, and what nodes make. */
function pairsOf(graph: Graph, rounded: Graph): readonly Pair[] {
  const found = inferValues(rounded);
  const isFloat = (name: string): boolean => found.get(name)?.dtype === "float32";
  const inputs = graph.inputs.map(({ name }) => ({
    ...{ name, operator: "input", exact: observedName(graph, name) },
    rounded: `${name}.dequantized`,
  }));
  const made = graph.nodes.flatMap((node) =>
    node.outputs.map((name) => ({ name, operator: node.op, exact: name, rounded: name })),
  );
  return [...inputs, ...made].filter((pair) => pair.name !== "" && isFloat(pair.rounded));
}

/**
 * Measures how much each layer alone harms the results of a graph: everything else stays in float.
 *
 * @param alone Makes the graph in which a layer is rounded and no other is.
 * @returns The worst first.
 */
export async function layerNoise(
  graph: Graph,
  { layers, alone }: { readonly layers: readonly Layer[]; readonly alone: (layer: Layer) => Graph },
  data: CalibrationData,
): Promise<readonly Noise[]> {
  const exact = await resultsOf(graph, data);
  const found: Noise[] = [];
  for (const layer of layers) {
    const meter = noiseMeter();
    for (const [i, outputs] of (await resultsOf(alone(layer), data)).entries()) {
      for (const [name, y] of Object.entries(outputs)) {
        const x = exact[i]?.[name];
        if (x?.dtype === "float32" && y.dtype === "float32") meter.add(x.data, y.data);
      }
    }
    found.push({ ...layer, signalToNoiseDb: meter.decibels() });
    data.onRun?.();
  }
  return found.toSorted((a, b) => a.signalToNoiseDb - b.signalToNoiseDb);
}

async function resultsOf(
  graph: Graph,
  { batches, open, signal }: CalibrationData,
): Promise<readonly Tensors[]> {
  const session = await open(graph);
  const results: Tensors[] = [];
  try {
    for (const feeds of batches) {
      signal?.throwIfAborted();
      results.push(await session.run(feeds));
    }
  } finally {
    await session.dispose();
  }
  return results;
}
