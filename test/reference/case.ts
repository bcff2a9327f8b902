import type { Attributes } from "../../core/src/graph/builder.ts";
import { graphBuilder, int } from "../../core/src/graph/builder.ts";
import type { Graph } from "../../core/src/graph/graph.ts";
import type { DType, Tensor, Tensors } from "../../core/src/graph/tensor.ts";
import { f32, sizeOf } from "../../core/src/graph/tensor.ts";
import { seededRng } from "../../core/src/platform/random.ts";

/** A graph of one operator with something to feed it. */
export type Case = { readonly graph: Graph; readonly feeds: Tensors };

/** Draws the parts of a case; one seed gives one case. */
export type Draw = {
  /** An integer from `low` to `high`, both included. */
  int(low: number, high: number): number;
  flip(): boolean;
  /** One of several. */
  of<T>(...options: readonly T[]): T;
  /** Sizes from 1 to 4. */
  shape(rank: number): number[];
  /** Numbers in [-2, 2] that stay away from 0, where subgradients are a matter of convention. */
  tensor(shape: readonly number[]): Tensor;
  /** Numbers in [0.3, 2]. */
  positive(shape: readonly number[]): Tensor;
};

export function drawFrom(seed: number): Draw {
  const rng = seededRng(seed);
  const whole = (low: number, high: number): number => low + Math.floor(rng() * (high - low + 1));
  const fill = (shape: readonly number[], next: () => number): Tensor =>
    f32(Float32Array.from({ length: sizeOf(shape) }, next), shape);
  return {
    int: whole,
    flip: () => rng() < 0.5,
    of: (...options) => options[whole(0, options.length - 1)]!,
    shape: (rank) => Array.from({ length: rank }, () => whole(1, 4)),
    tensor: (shape) => fill(shape, () => (rng() < 0.5 ? -1 : 1) * (0.05 + 1.95 * rng())),
    positive: (shape) => fill(shape, () => 0.3 + 1.7 * rng()),
  };
}

type CaseOptions = {
  readonly attributes?: Attributes;
  readonly outputs?: number;
  /** Types of the outputs that are no float32. */
  readonly dtypes?: Readonly<Record<string, DType>>;
  /** Inputs whose first size is only known at run time. */
  readonly symbolic?: readonly string[];
  /** Inputs that are constants of the graph. */
  readonly constants?: readonly string[];
};

/** Makes the graph of one operator; a name of nothing but spaces is an input that is left out. */
export function caseOf(op: string, tensors: Tensors, options: CaseOptions = {}): Case {
  const b = graphBuilder(op);
  const feeds: Record<string, Tensor> = {};
  for (const [name, tensor] of Object.entries(tensors)) {
    if (options.constants?.includes(name)) {
      b.initializer(name, tensor);
    } else if (name.trim() !== "") {
      const shape = tensor.shape.map((dim, axis) =>
        axis === 0 && options.symbolic?.includes(name) ? `N${dim}` : dim,
      );
      b.input({ name, dtype: tensor.dtype, shape });
      feeds[name] = tensor;
    }
  }
  const count = options.outputs ?? 1;
  const names = count === 1 ? ["y"] : Array.from({ length: count }, (_, i) => `y${i}`);
  const inputs = Object.keys(tensors).map((name) => name.trim());
  b.addMany(op, inputs, count, {
    attributes: options.attributes ?? {},
    outputs: names,
  });
  for (const name of names) b.output({ name, dtype: options.dtypes?.[name] ?? "float32" });
  return { graph: b.build(), feeds };
}

/** Draws a case of one operator. */
export type Maker = (draw: Draw) => Case;

/** A shape that broadcasts to `shape`: trailing axes, some of size 1. */
export const narrower = (draw: Draw, shape: readonly number[]): number[] =>
  shape.slice(draw.int(0, shape.length)).map((dim) => (draw.of(1, 2, 3) === 1 ? 1 : dim));

/** A case of an operator of one input. */
export const unary =
  (op: string, positive = false, attributes: Attributes = {}): Maker =>
  (draw) => {
    const shape = draw.shape(draw.int(0, 3));
    return caseOf(
      op,
      { x: positive ? draw.positive(shape) : draw.tensor(shape) },
      { attributes, symbolic: ["x"] },
    );
  };

/** A case of an operator of two inputs that broadcast. */
export const binary =
  (op: string, positive = false): Maker =>
  (draw) => {
    const shape = draw.shape(draw.int(0, 4));
    const other = narrower(draw, shape);
    const [one, two] = draw.flip() ? [shape, other] : [other, shape];
    const b = positive ? draw.positive(two) : draw.tensor(two);
    return caseOf(op, { a: draw.tensor(one), b }, { symbolic: draw.of([], ["a", "b"]) });
  };

/** A case of an operator of one input along an axis. */
export const axisCase =
  (op: string, extra: (draw: Draw) => Attributes = () => ({})): Maker =>
  (draw) => {
    const rank = draw.int(1, 4);
    return caseOf(
      op,
      { x: draw.tensor(draw.shape(rank)) },
      { attributes: { axis: int(draw.int(-rank, rank - 1)), ...extra(draw) }, symbolic: ["x"] },
    );
  };
