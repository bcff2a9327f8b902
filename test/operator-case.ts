// One operator, run on a stock runtime and compared with what the operator table infers.
import { expect } from "vitest";
import type { Attributes } from "../core/src/graph/builder.ts";
import { graphBuilder } from "../core/src/graph/builder.ts";
import type { Dim, Graph } from "../core/src/graph/graph.ts";
import { inferValues } from "../core/src/graph/infer.ts";
import type { Tensor } from "../core/src/graph/tensor.ts";
import { sizeOf } from "../core/src/graph/tensor.ts";
import { validate } from "../core/src/graph/validate.ts";
import { runGraph } from "./run-graph.ts";

/** `feeds` become graph inputs, `constants` (by input index) initialisers; `undefined` is an input left out. */
export type OperatorCase = {
  readonly op: string;
  readonly feeds?: readonly (Tensor | undefined)[];
  readonly constants?: Readonly<Record<number, Tensor>>;
  readonly attributes?: Attributes;
  readonly outputs?: number;
};

/** A float tensor of a shape with distinct, positive, unordered values. */
export const data = (...shape: number[]): Tensor => ({
  dtype: "float32",
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, (_, i) => ((i * 7) % 11) / 8 + 0.125),
});

/** The name of a case in a test table. */
export const title = ({ op, feeds = [], attributes = {} }: OperatorCase): string =>
  `${op} ${feeds.map((feed) => `[${feed?.shape ?? ""}]`).join(" ")} ${JSON.stringify(
    Object.values(attributes).map((a) => (a.kind === "tensor" ? a.kind : a.value)),
  )}`;

/** Builds the case's graph; `dimOf` may replace sizes of inputs by names. */
export function graphOf(
  { op, feeds = [], constants = {}, attributes = {}, outputs = 1 }: OperatorCase,
  dimOf: (size: number, axis: number) => Dim = (size) => size,
): Graph {
  const b = graphBuilder(op);
  const count = Math.max(feeds.length, ...Object.keys(constants).map((key) => Number(key) + 1));
  const names = Array.from({ length: count }, (_, index) => {
    const constant = constants[index];
    if (constant !== undefined) return b.initializer(`c${index}`, constant);
    const feed = feeds[index];
    if (feed === undefined) return "";
    return b.input({ name: `x${index}`, dtype: feed.dtype, shape: feed.shape.map(dimOf) });
  });
  const results = b.addMany(op, names, outputs, { attributes });
  const values = inferValues(b.build());
  // Shapes are left out: onnxruntime's own inference contradicts its kernels for ceil_mode (1.30).
  for (const name of results) b.output({ name, dtype: values.get(name)?.dtype ?? "float32" });
  return b.build();
}

/** Checks that inference says exactly what the runtime gives, and nothing wrong when sizes are names. */
export async function checkCase(operatorCase: OperatorCase): Promise<void> {
  const graph = graphOf(operatorCase);
  validate(graph);
  const feeds = Object.fromEntries(
    (operatorCase.feeds ?? []).flatMap((feed, i) =>
      feed === undefined || operatorCase.constants?.[i] !== undefined ? [] : [[`x${i}`, feed]],
    ),
  );
  const results = await runGraph(graph, feeds);
  const values = inferValues(graph);
  for (const [name, result] of Object.entries(results)) {
    expect({ dtype: values.get(name)?.dtype, shape: values.get(name)?.shape }).toEqual({
      dtype: result.dtype,
      shape: result.shape,
    });
  }
  for (const named of [
    graphOf(operatorCase, (size, axis) => (axis === 0 ? "N" : size)),
    graphOf(operatorCase, (_, axis) => `d${axis}`),
  ]) {
    const symbolic = inferValues(named);
    for (const [position, { name }] of graph.outputs.entries()) {
      const value = symbolic.get(named.outputs[position]?.name ?? "");
      const actual = results[name]?.shape ?? [];
      expect(value?.dtype).toBe(results[name]?.dtype);
      if (value?.shape === undefined) continue;
      expect(
        value.shape.map((dim, axis) => (typeof dim === "number" ? dim : actual[axis])),
      ).toEqual(actual);
    }
  }
}
