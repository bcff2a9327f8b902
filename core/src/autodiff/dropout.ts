import { graphBuilder } from "../graph/builder.ts";
import type { Graph, Node } from "../graph/graph.ts";
import type { Emitter } from "./emitter.ts";
import { emitter } from "./emitter.ts";
import { gradientUnsupported } from "./rule.ts";

/** A graph whose dropout draws from the input `seed`. */
export type Dropout = {
  readonly graph: Graph;
  /** Whether there was any: then the graph has the input `seed`, int64 of rank 0. */
  readonly usesSeed: boolean;
};

/** Name of the input that decides which elements are dropped. */
export const seedName = "seed";

/** Draws are in [0, 2^31): what is multiplied stays below 2^53, exact in every runtime and in JavaScript. */
const range = 2 ** 31;
const [indexFactor, seedFactor, layerFactor] = [1_980_281, 2_654_435, 3_266_489];
const rounds = [
  { shift: 15, factor: 2_890_557 },
  { shift: 13, factor: 2_718_253 },
  { shift: 16, factor: 1 },
] as const;

/**
 * Draws one number of a place: a hash of seed, layer and place, so that a mask depends on nothing else.
 *
 * @returns An integer in [0, 2^31).
 */
export function drawOf(seed: number, layer: number, place: number): number {
  const key = (((seed % range) + range) % range) * seedFactor + layer * layerFactor;
  let hash = (place * indexFactor + (key % range)) % range;
  for (const { shift, factor } of rounds) {
    hash = ((hash ^ Math.floor(hash / 2 ** shift)) * factor) % range;
  }
  return hash;
}

/**
 * Puts Dropout nodes in training mode, with masks from integer operators on the input `seed`.
 *
 * ONNX's own random operators give other numbers on other runtimes in spite of a seed; these masks are the same
 * everywhere ({@link drawOf}), so that a round can be repeated to the bit.
 *
 * @throws `GRADIENT_UNSUPPORTED` for a ratio that is no constant in [0, 1).
 * @see Srivastava et al. 2014, jmlr.org/papers/v15/srivastava14a.html.
 */
export function dropoutInTraining(graph: Graph): Dropout {
  const isDropout = ({ op, domain }: Node): boolean => op === "Dropout" && domain === undefined;
  const ratios = new Map(
    graph.nodes.filter(isDropout).map((node) => [node, ratioOf(node, graph)] as const),
  );
  if (![...ratios.values()].some((ratio) => ratio > 0)) return { graph, usesSeed: false };
  const builder = graphBuilder({ ...graph, nodes: [] });
  builder.input({ name: seedName, dtype: "int64", shape: [] });
  const emit = emitter(builder, "dropout");
  let layer = 0;
  for (const node of graph.nodes) {
    const ratio = ratios.get(node);
    if (ratio === undefined || ratio === 0) {
      builder.push(node);
      continue;
    }
    emitDropout(emit, node, { ratio, layer });
    layer += 1;
  }
  return { graph: builder.build(), usesSeed: true };
}

function ratioOf(node: Node, graph: Graph): number {
  const name = node.inputs[1] ?? "";
  const ratio = name === "" ? 0.5 : Number(graph.initializers.get(name)?.data[0] ?? Number.NaN);
  if (ratio >= 0 && ratio < 1) return ratio;
  throw gradientUnsupported(node, "its ratio must be a constant in [0, 1)");
}

function emitDropout(
  emit: Emitter,
  node: Node,
  { ratio, layer }: { readonly ratio: number; readonly layer: number },
): void {
  const [x = "", y = "", mask = ""] = [node.inputs[0], ...node.outputs];
  const kept = emit.op("GreaterOrEqual", [draws(emit, x, layer), whole(emit, ratio * range)]);
  const shaped = emit.op("Reshape", [kept, emit.op("Shape", [x])], {
    allowzero: { kind: "int", value: 1 },
  });
  if (mask !== "") emit.named(mask, "Identity", [shaped]);
  const scaled = emit.op("Mul", [x, emit.number(1 / (1 - ratio), "float32")]);
  emit.named(y, "Where", [shaped, scaled, emit.number(0, "float32")]);
}

const whole = (emit: Emitter, value: number): string =>
  emit.tensor({ dtype: "int64", shape: [], data: BigInt64Array.of(BigInt(Math.round(value))) });

/** The draws of all places of a value, in row-major order. */
function draws(emit: Emitter, x: string, layer: number): string {
  const number = (value: number): string => whole(emit, value);
  const size = number(range);
  const wrapped = (value: string): string => emit.op("Mod", [value, size]);
  const times = (value: string, factor: number): string =>
    factor === 1 ? value : emit.op("Mul", [value, number(factor)]);
  const key = emit.op("Add", [times(wrapped(seedName), seedFactor), number(layer * layerFactor)]);
  const places = emit.op("Range", [number(0), emit.op("Size", [x]), number(1)]);
  let hash = wrapped(emit.op("Add", [times(places, indexFactor), wrapped(key)]));
  for (const { shift, factor } of rounds) {
    const high = emit.op("Div", [hash, number(2 ** shift)]);
    hash = wrapped(times(emit.op("BitwiseXor", [hash, high]), factor));
  }
  return hash;
}
