import type { GraphBuilder } from "../core/src/graph/builder.ts";
import { graphBuilder, int, ints } from "../core/src/graph/builder.ts";
import type { Graph } from "../core/src/graph/graph.ts";
import { inferValues } from "../core/src/graph/infer.ts";
import { f32, i64, sizeOf } from "../core/src/graph/tensor.ts";
import type { Draw } from "./reference/case.ts";
import { drawFrom } from "./reference/case.ts";

/** A value of the graph that grows. */
type Value = { readonly name: string; readonly shape: readonly number[] };

/** Adds a node to some value, if it fits; gives the name of what comes out. */
type Step = (b: GraphBuilder, draw: Draw, x: Value) => string | undefined;

const weights = (b: GraphBuilder, draw: Draw, shape: readonly number[]): string => {
  const spread = 1 / Math.sqrt(sizeOf(shape.slice(1)));
  const { data } = draw.tensor(shape);
  return b.constant(
    f32(
      Float32Array.from(data as Float32Array, (w) => w * spread),
      shape,
    ),
  );
};

const isImage = ({ shape }: Value): boolean => shape.length === 4;
const isSeries = ({ shape }: Value): boolean => shape.length === 3;

/** What networks are made of: operators that want channels last, those that do not, and those that do not care. */
const steps: readonly Step[] = [
  (b, draw, x) => {
    if (!isImage(x) && !isSeries(x)) return undefined;
    const [, channels = 1, ...size] = x.shape;
    const kernel = size.map((dim) => Math.min(dim, draw.int(1, 3)));
    const group = draw.of(1, channels);
    const outputs = group === 1 ? draw.int(1, 6) : channels * draw.int(1, 2);
    const pads = kernel.map((k) => draw.int(0, k - 1));
    const attributes = {
      kernel_shape: ints(kernel),
      strides: ints(kernel.map(() => draw.int(1, 2))),
      pads: ints([...pads, ...kernel.map((k) => draw.int(0, k - 1))]),
      group: int(group),
    };
    const inputs = [x.name, weights(b, draw, [outputs, channels / group, ...kernel])];
    if (draw.flip()) inputs.push(weights(b, draw, [outputs]));
    return b.add("Conv", inputs, { attributes });
  },
  (b, _, x) => b.add("Relu", [x.name]),
  (b, draw, x) => b.add(draw.of("Sigmoid", "Tanh", "HardSwish", "LeakyRelu"), [x.name]),
  (b, draw, x) => b.add(draw.of("Add", "Mul", "Sub"), [x.name, x.name]),
  (b, draw, x) => {
    // A constant along the channels, or one for all.
    const rank = x.shape.length;
    const shape = x.shape.map((dim, axis) => (axis === 1 && rank > 1 ? dim : 1)).slice(1);
    return b.add(draw.of("Add", "Mul"), [x.name, weights(b, draw, draw.of(shape, []))]);
  },
  (b, draw, x) => {
    if (!isImage(x) && !isSeries(x)) return undefined;
    const kernel = x.shape.slice(2).map((dim) => Math.min(dim, draw.int(1, 2)));
    const attributes = { kernel_shape: ints(kernel), strides: ints(kernel) };
    return b.add(draw.of("MaxPool", "AveragePool"), [x.name], { attributes });
  },
  (b, draw, x) => {
    const axis = draw.int(0, x.shape.length - 1);
    return b.add("Concat", [x.name, x.name], { attributes: { axis: int(axis === 0 ? -1 : axis) } });
  },
  (b, draw, x) => {
    const axis = draw.int(1, x.shape.length - 1);
    const [from, to] = [i64([draw.int(0, 1)]), i64([Math.max(2, (x.shape[axis] ?? 1) - 1)])];
    if ((x.shape[axis] ?? 1) < 3) return undefined;
    return b.add("Slice", [x.name, b.constant(from), b.constant(to), b.constant(i64([axis]))]);
  },
  (b, draw, x) => {
    const rest = x.shape.map((_, axis) => axis).slice(1);
    const perm = [
      0,
      ...(draw.flip() ? rest.toReversed() : [...rest.slice(1), ...rest.slice(0, 1)]),
    ];
    return b.add("Transpose", [x.name], { attributes: { perm: ints(perm) } });
  },
  (b, draw, x) => {
    const pads = x.shape.flatMap((_, axis) => (axis === 0 ? [0] : [draw.int(0, 1)]));
    return b.add("Pad", [x.name, b.constant(i64([...pads, ...pads]))]);
  },
  (b, draw, x) => {
    const axes = x.shape.length > 2 ? x.shape.map((_, axis) => axis).slice(2) : [1];
    const attributes = { keepdims: int(draw.of(0, 1)) };
    return b.add("ReduceMean", [x.name, b.constant(i64(axes))], { attributes });
  },
  (b, _, x) => b.add("Flatten", [x.name]),
  (b, draw, x) => {
    if (x.shape.length !== 2) return undefined;
    const outputs = draw.int(1, 5);
    const inputs = [
      x.name,
      weights(b, draw, [outputs, x.shape[1] ?? 1]),
      weights(b, draw, [outputs]),
    ];
    return b.add("Gemm", inputs, { attributes: { transB: int(1) } });
  },
  (b, draw, x) =>
    b.add("Softmax", [x.name], { attributes: { axis: int(draw.int(1, x.shape.length - 1)) } }),
];

/** Draws a network of up to nine nodes over an image or a series; now and then two values of one shape meet. */
export function randomNetwork(seed: number): Graph {
  const draw = drawFrom(seed);
  const b = graphBuilder(`network ${seed}`);
  const shape = draw.flip()
    ? [1, draw.int(1, 4), draw.int(3, 7), draw.int(3, 7)]
    : [1, draw.int(1, 4), draw.int(4, 9)];
  b.input({ name: "x", dtype: "float32", shape });
  const values: Value[] = [{ name: "x", shape }];
  for (let tries = 0; tries < 9; tries += 1) {
    const x = values[Math.max(0, values.length - draw.int(1, 2))]!;
    const twin = values.find((value) => value !== x && value.shape.join() === x.shape.join());
    const made =
      twin && draw.flip() ? b.add("Add", [x.name, twin.name]) : draw.of(...steps)(b, draw, x);
    if (made === undefined) continue;
    const dims = inferValues(b.build()).get(made)?.shape ?? [];
    values.push({ name: made, shape: dims.map(Number) });
  }
  b.add("Neg", [values.at(-1)!.name], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32" });
  return b.build();
}
