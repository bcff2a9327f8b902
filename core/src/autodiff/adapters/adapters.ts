import { floatOf, intOf } from "../../graph/attributes.ts";
import type { Attributes, GraphBuilder } from "../../graph/builder.ts";
import { float, graphBuilder, int, ints } from "../../graph/builder.ts";
import type { Graph, Node } from "../../graph/graph.ts";
import type { Tensor, TensorOf } from "../../graph/tensor.ts";
import { f32, sizeOf } from "../../graph/tensor.ts";
import { EdgeloopError } from "../../platform/errors.ts";
import { deriveSeed, seededRng } from "../../platform/random.ts";
import type { AdaptableLayer } from "./layer.ts";
import { adaptableLayers, adapterShapes, fanIn } from "./layer.ts";

/** What adapters a model gets. */
export type AdapterOptions = {
  /** Columns of a factor; for each group of a convolution. */
  readonly rank: number;
  /** What an adapter adds is multiplied by `alpha / rank`; the rank itself when absent, so by 1. */
  readonly alpha?: number;
  /** Decides the starting values of the first factors. */
  readonly seed: number;
  /** Tells which weights get one, by name; all that can when absent. */
  readonly layers?: (weight: string) => boolean;
};

/** A model with adapters beside its layers. */
export type AdaptedModel = {
  /** Computes what the model computed until the adapters are trained; each factor is an initialiser. */
  readonly graph: Graph;
  /** `<weight>.adapter.down` and `<weight>.adapter.up`, in pairs. */
  readonly adapters: ReadonlyMap<string, TensorOf<"float32">>;
};

/** The names of a weight's two factors. */
export const adapterNames = (weight: string): { readonly down: string; readonly up: string } => ({
  down: `${weight}.adapter.down`,
  up: `${weight}.adapter.up`,
});

/**
 * Gives Conv, Gemm and MatMul layers low-rank adapters: beside `W x` stands `alpha / rank · up (down x)`.
 *
 * The first factor starts uniform in ±1/√(inputs of one output) (Kaiming's with a slope of √5, as PyTorch's layers),
 * the second at 0, so that nothing changes before the first step. A convolution gets a pair of convolutions: `down` of
 * its own kernel, strides and groups to `rank` channels a group, `up` of width 1. The model's own tensors stay as they
 * are, float or int8 behind DequantizeLinear. A layer whose adapter would be no smaller than itself gets none.
 *
 * @throws `ADAPTER_INVALID` for a rank that is no whole number of at least 1, an alpha that is not above 0, or a model
 *   without a layer that takes one.
 * @see Hu et al. 2021, arXiv:2106.09685.
 */
export function addAdapters(model: Graph, options: AdapterOptions): AdaptedModel {
  const { rank, alpha = rank, seed, layers = () => true } = options;
  if (!(Number.isInteger(rank) && rank >= 1)) {
    throw adapterInvalid(`a rank must be a whole number of at least 1, not ${rank}`);
  }
  if (!(alpha > 0)) throw adapterInvalid(`alpha must be above 0, not ${alpha}`);
  const chosen = adaptableLayers(model).filter(
    (layer) => layers(layer.weight) && isSmaller(layer, rank),
  );
  if (chosen.length === 0) {
    throw adapterInvalid(
      `no Conv, Gemm or MatMul that was asked for is larger than an adapter of rank ${rank}: ask for a lower rank or for other layers`,
    );
  }
  const adapters = new Map(
    chosen.flatMap((layer): (readonly [string, TensorOf<"float32">])[] => {
      const { down, up } = adapterNames(layer.weight);
      const shapes = adapterShapes(layer, rank);
      return [
        [down, uniform(shapes.down, { bound: 1 / Math.sqrt(fanIn(layer)), seed, name: down })],
        [up, f32(new Float32Array(sizeOf(shapes.up)), shapes.up)],
      ];
    }),
  );
  return { graph: attachAdapters(model, adapters, alpha / rank), adapters };
}

/**
 * Puts trained adapters beside a model's layers.
 *
 * @param adapters Both factors of each weight.
 * @param scale What they add is multiplied by this; 1 unless they were trained with another `alpha` than their rank.
 * @throws `ADAPTER_MISMATCH` naming a tensor that fits no layer.
 */
export function attachAdapters(
  model: Graph,
  adapters: ReadonlyMap<string, Tensor>,
  scale = 1,
): Graph {
  const layers = new Map(
    adaptedLayers(model, adapters).flatMap((layer) => layer.nodes.map((node) => [node, layer])),
  );
  const builder = graphBuilder({
    ...model,
    nodes: [],
    initializers: new Map([...model.initializers, ...adapters]),
  });
  // Names of the model are taken already; what it has not made yet is only promised.
  const names = new Set(model.nodes.flatMap(({ outputs }) => outputs));
  for (const node of model.nodes) {
    const layer = layers.get(node);
    if (layer === undefined) builder.push(node);
    else pushAdapted(builder, { node, layer, scale, names });
  }
  return builder.build();
}

/**
 * Finds the layer of each pair of factors.
 *
 * @throws `ADAPTER_MISMATCH`
 */
export function adaptedLayers(
  model: Graph,
  adapters: ReadonlyMap<string, Tensor>,
): readonly AdaptableLayer[] {
  const rest = new Set(adapters.keys());
  const found = adaptableLayers(model).filter((layer) => {
    const names = adapterNames(layer.weight);
    const [down, up] = [adapters.get(names.down), adapters.get(names.up)];
    if (down === undefined || up === undefined) return false;
    checkPair(layer, { down, up });
    rest.delete(names.down);
    rest.delete(names.up);
    return true;
  });
  const [odd] = rest;
  if (odd === undefined && found.length > 0) return found;
  throw adapterMismatch(
    odd === undefined
      ? "there is no adapter among the tensors: they are called <weight>.adapter.down and <weight>.adapter.up"
      : `"${odd}" is half a pair, or the model has no Conv, Gemm or MatMul weight of that name`,
    odd ?? "",
  );
}

function checkPair(layer: AdaptableLayer, { down, up }: Record<"down" | "up", Tensor>): void {
  const groups = layer.layout.kind === "kernels" ? layer.layout.groups : 1;
  const rank = (layer.layout.kind === "columns" ? down.shape[1] : down.shape[0]) ?? 0;
  const expected = adapterShapes(layer, rank / groups);
  const names = adapterNames(layer.weight);
  for (const side of ["down", "up"] as const) {
    const { dtype, shape } = { down, up }[side];
    if (dtype === "float32" && String(shape) === String(expected[side])) continue;
    throw adapterMismatch(
      `"${names[side]}" is ${dtype} [${shape}], and the layer needs float32 [${expected[side]}]`,
      names[side],
    );
  }
}

type Site = {
  readonly node: Node;
  readonly layer: AdaptableLayer;
  readonly scale: number;
  readonly names: ReadonlySet<string>;
};

function pushAdapted(builder: GraphBuilder, { node, layer, scale, names }: Site): void {
  const { down, up } = adapterNames(layer.weight);
  const [y = ""] = node.outputs;
  const [x = ""] = node.inputs;
  let stem = `${y}.adapter`;
  while (names.has(`${stem}.base`) || names.has(`${stem}.low`)) stem += "_";
  const base = `${stem}.base`;
  builder.push({ ...node, outputs: [base] });
  const add = (op: string, inputs: readonly string[], attributes: Attributes = {}): string =>
    builder.add(op, inputs, { attributes, name: `${stem}.${op.toLowerCase()}` });
  if (node.op === "Gemm") {
    const transB = int(intOf(node, "transB", 0));
    const low = add("Gemm", [x, down], { transB });
    const alpha = float(scale * floatOf(node, "alpha", 1));
    builder.add("Gemm", [low, up, base], { attributes: { transB, alpha }, outputs: [y] });
    return;
  }
  const low = scaled(builder, lowRank(node, { x, down, add }), scale);
  const kernel = ints(layer.tensor.shape.slice(2).map(() => 1));
  const high =
    node.op === "MatMul"
      ? add("MatMul", [low, up])
      : add("Conv", [low, up], { group: int(intOf(node, "group", 1)), kernel_shape: kernel });
  builder.add("Add", [base, high], { outputs: [y] });
}

function lowRank(
  node: Node,
  at: {
    readonly x: string;
    readonly down: string;
    readonly add: (op: string, inputs: readonly string[], attributes?: Attributes) => string;
  },
): string {
  return at.add(node.op, [at.x, at.down], node.op === "Conv" ? node.attributes : {});
}

const scaled = (builder: GraphBuilder, value: string, scale: number): string =>
  scale === 1
    ? value
    : builder.add("Mul", [value, builder.constant(f32([scale], []), "adapter.scale")]);

const isSmaller = (layer: AdaptableLayer, rank: number): boolean => {
  const { down, up } = adapterShapes(layer, rank);
  return sizeOf(down) + sizeOf(up) < sizeOf(layer.tensor.shape);
};

function uniform(
  shape: readonly number[],
  { bound, seed, name }: { readonly bound: number; readonly seed: number; readonly name: string },
): TensorOf<"float32"> {
  const rng = seededRng(deriveSeed(seed, name));
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, () => (2 * rng() - 1) * bound),
    shape,
  );
}

const adapterInvalid = (message: string): EdgeloopError =>
  new EdgeloopError("ADAPTER_INVALID", message);

const adapterMismatch = (message: string, name: string): EdgeloopError =>
  new EdgeloopError("ADAPTER_MISMATCH", message, { details: { name } });
