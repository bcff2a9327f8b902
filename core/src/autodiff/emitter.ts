import type { Attributes, GraphBuilder } from "../graph/builder.ts";
import { dtypes } from "../graph/dtypes.ts";
import type { DType, Tensor } from "../graph/tensor.ts";
import { f32, i64 } from "../graph/tensor.ts";

/** Float types that gradients are computed in. */
export type FloatType = "float32" | "float64";

/** Adds nodes and shared small constants to a graph that is being built. */
export type Emitter = {
  readonly builder: GraphBuilder;
  /** Adds a node with one output and returns the output's name. */
  op(op: string, inputs: readonly string[], attributes?: Attributes): string;
  /** Adds a node whose one output has a public name. */
  named(output: string, op: string, inputs: readonly string[]): string;
  /** Adds a node with several outputs. */
  ops(op: string, inputs: readonly string[], count: number, attributes?: Attributes): string[];
  /** A constant float scalar. */
  number(value: number, dtype: FloatType): string;
  /** A constant int64 vector. */
  ints(values: readonly number[]): string;
  /** Any other constant. */
  tensor(tensor: Tensor): string;
};

/**
 * Wraps a builder; equal constants are made once.
 *
 * @param prefix Begins the name of every node and constant that is added.
 */
export function emitter(builder: GraphBuilder, prefix: string): Emitter {
  const shared = new Map<string, string>();
  const share = (key: string, make: () => Tensor): string => {
    const name = shared.get(key) ?? builder.constant(make(), `${prefix}/${key}`);
    shared.set(key, name);
    return name;
  };
  const ops: Emitter["ops"] = (op, inputs, count, attributes = {}) => {
    const name = builder.fresh(`${prefix}/${op}`);
    const outputs = Array.from({ length: count }, (_, i) => (i === 0 ? name : `${name}:${i}`));
    return builder.addMany(op, inputs, count, { attributes, name, outputs });
  };
  return {
    builder,
    ops,
    op: (op, inputs, attributes) => ops(op, inputs, 1, attributes)[0] ?? "",
    number: (value, dtype) =>
      share(dtype === "float32" ? `${value}` : `${value}:${dtype}`, () => scalarOf(value, dtype)),
    named: (output, op, inputs) => builder.add(op, inputs, { name: output, outputs: [output] }),
    tensor: (tensor) => builder.constant(tensor, `${prefix}/constant`),
    ints: (values) => share(`[${values.join(",")}]`, () => i64(values)),
  };
}

const scalarOf = (value: number, dtype: FloatType): Tensor =>
  dtype === "float32" ? f32([value], []) : { dtype, shape: [], data: Float64Array.of(value) };

/** Reads ONNX's number of a dtype, for the attribute `to` of Cast. */
export const castTo = (dtype: DType): Attributes => ({
  to: { kind: "int", value: dtypes[dtype].onnx },
});
