import type { Graph } from "../../graph/graph.ts";
import type { Tensor, TensorOf } from "../../graph/tensor.ts";
import { f32 } from "../../graph/tensor.ts";
import { adaptedLayers, adapterNames, attachAdapters } from "./adapters.ts";
import type { AdaptableLayer } from "./layer.ts";
import { requantized } from "./requantize.ts";

/** How adapters are folded back. */
export type MergeOptions = {
  /** What the adapters add is multiplied by this: `alpha / rank` of their training; 1 when absent. */
  readonly scale?: number;
  /** Rounds integer weights anew, with new scales, instead of leaving their adapters beside them. */
  readonly requantize?: boolean;
};

/**
 * Folds adapters into the weights of a model: `W + scale · up down`, summed in double precision.
 *
 * Float weights change and no node does. Integer weights stay as they are and their adapters stand beside them as
 * float layers, unless `requantize` asks for new integers: symmetric or with the zero point that they have, and each
 * 32-bit bias in units of the new scale.
 *
 * @throws `ADAPTER_MISMATCH` naming a tensor that fits no layer; `ADAPTER_INVALID` for integer weights of blocks or of
 *   less than 8 bits that are to be rounded anew.
 * @example
 * const tensor = (data, shape) => ({ dtype: "float32", shape, data: Float32Array.from(data) });
 * const x = { name: "x", dtype: "float32", shape: ["N", 1] };
 * const node = { name: "line", op: "MatMul", inputs: ["x", "w"], outputs: ["y"], attributes: {} };
 * const model = { name: "line", inputs: [x], outputs: [{ ...x, name: "y" }], nodes: [node], initializers: new Map([["w", tensor([2], [1, 1])]]) };
 * const adapters = new Map([["w.adapter.down", tensor([3], [1, 1])], ["w.adapter.up", tensor([0.5], [1, 1])]]);
 * mergeAdapters(model, adapters).initializers.get("w").data; // => Float32Array.of(3.5)
 */
export function mergeAdapters(
  model: Graph,
  adapters: ReadonlyMap<string, Tensor>,
  { scale = 1, requantize = false }: MergeOptions = {},
): Graph {
  const changed = new Map<string, Tensor>();
  const beside = new Map<string, Tensor>();
  for (const layer of adaptedLayers(model, adapters)) {
    const pair = pairOf(layer, adapters);
    if (layer.tensor.dtype === "float32") {
      changed.set(layer.weight, plusChange(layer.tensor, changeOf(layer, pair), scale));
    } else if (requantize) {
      const change = changeOf(layer, pair).map((value) => value * scale);
      for (const [name, tensor] of requantized(model, layer, change)) changed.set(name, tensor);
    } else {
      const { down, up } = adapterNames(layer.weight);
      beside.set(down, pair.down).set(up, pair.up);
    }
  }
  const merged = { ...model, initializers: new Map([...model.initializers, ...changed]) };
  return beside.size === 0 ? merged : attachAdapters(merged, beside, scale);
}

type Pair = { readonly down: TensorOf<"float32">; readonly up: TensorOf<"float32"> };

function pairOf(layer: AdaptableLayer, adapters: ReadonlyMap<string, Tensor>): Pair {
  const { down, up } = adapterNames(layer.weight);
  return {
    down: adapters.get(down) as TensorOf<"float32">,
    up: adapters.get(up) as TensorOf<"float32">,
  };
}

const plusChange = (weight: TensorOf<"float32">, change: Float64Array, scale: number): Tensor =>
  f32(
    weight.data.map((value, at) => value + scale * (change[at] ?? 0)),
    weight.shape,
  );

/** What an adapter adds to its weight, laid out as the weight. */
function changeOf({ layout, tensor }: AdaptableLayer, { down, up }: Pair): Float64Array {
  const [first = 0] = tensor.shape;
  const change = new Float64Array(tensor.shape.reduce((a, b) => a * b, 1));
  const width = change.length / first;
  // Rows of the weight from a left factor [first, rank] and, for each group of rows, a right one [rank, width].
  const [left, right] = layout.kind === "columns" ? [down, up] : [up, down];
  const rank = left.data.length / first;
  const groups = layout.kind === "kernels" ? layout.groups : 1;
  const rowsPerGroup = first / groups;
  for (let row = 0; row < first; row += 1) {
    const start = Math.floor(row / rowsPerGroup) * rank * width;
    for (let inner = 0; inner < rank; inner += 1) {
      const factor = left.data[row * rank + inner] ?? 0;
      const from = start + inner * width;
      for (let at = 0; at < width; at += 1) {
        const old = change[row * width + at] ?? 0;
        change[row * width + at] = old + factor * (right.data[from + at] ?? 0);
      }
    }
  }
  return change;
}
