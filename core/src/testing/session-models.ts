import { graphBuilder, int, text } from "../graph/builder.ts";
import type { Dim, Graph, ValueInfo } from "../graph/graph.ts";
import type { DType, Tensor } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";

const value = (name: string, dtype: DType, shape: NonNullable<ValueInfo["shape"]>): ValueInfo => ({
  name,
  dtype,
  shape,
});

/** `y = 2 x + 1` over `[rows, 2]`, and `s`, the sum of `y`. */
export function affineModel(rows: Dim = "N"): Graph {
  const b = graphBuilder("affine");
  b.input(value("x", "float32", [rows, 2]));
  const doubled = b.add("Mul", ["x", b.constant(scalar(2))]);
  b.add("Add", [doubled, b.constant(scalar(1))], { outputs: ["y"] });
  b.add("ReduceSum", ["y"], { outputs: ["s"], attributes: { keepdims: int(0) } });
  b.output(value("y", "float32", [rows, 2]));
  b.output(value("s", "float32", []));
  return b.build();
}

/** The element types that a session feeds and reads. */
export const sessionDTypes: readonly DType[] = [
  "float32",
  "float64",
  "float16",
  "int8",
  "uint8",
  "int16",
  "uint16",
  "int32",
  "uint32",
  "int64",
  "uint64",
  "bool",
];

/** Passes `x` of one element type through to `y`. */
export function identityModel(dtype: DType, size: Dim = "N"): Graph {
  const b = graphBuilder("identity");
  b.input(value("x", dtype, [size]));
  b.add("Identity", ["x"], { outputs: ["y"] });
  b.output(value("y", dtype, [size]));
  return b.build();
}

/** The positions `y` of what is not zero in `x`: a shape that only the data decides. */
export function nonZeroModel(): Graph {
  const b = graphBuilder("non-zero");
  b.input(value("x", "float32", ["N"]));
  b.add("NonZero", ["x"], { outputs: ["y"] });
  b.output(value("y", "int64", [1, "K"]));
  return b.build();
}

/** Makes a tensor of what counts. */
export const integers = (
  dtype: "int64" | "int32",
  data: readonly number[],
  shape: readonly number[] = [data.length],
): Tensor => (dtype === "int64" ? i64(data, shape) : { dtype, shape, data: Int32Array.from(data) });

/** How a model of the contract differs: in sizes that are fixed, and in the dtype of what counts. */
export type ContractForm = { readonly size?: Dim; readonly integer?: "int64" | "int32" };

/** Looks up `index` in a table of three: an index outside it fails while running. */
export function lookupModel({ size = "N", integer = "int64" }: ContractForm = {}): Graph {
  const b = graphBuilder("lookup");
  b.input(value("index", integer, [size]));
  b.add("Gather", [b.constant(f32([10, 20, 30])), "index"], { outputs: ["y"] });
  b.output(value("y", "float32", [size]));
  return b.build();
}

/** `w.next = w - rate * sum(g)` and `count.next = count + 1`; `loss` is the sum of `w`. The rank of `rate` is 0. */
export function descentModel({ size = "N", integer = "int64" }: ContractForm = {}): Graph {
  const b = graphBuilder("descent");
  b.input(value("w", "float32", [2]));
  b.input(value("count", integer, []));
  b.input(value("g", "float32", [size, 2]));
  b.input(value("rate", "float32", []));
  const keep = { attributes: { keepdims: int(0) } };
  const sum = b.add("ReduceSum", ["g", b.constant(i64([0]))], keep);
  b.add("Sub", ["w", b.add("Mul", [sum, "rate"])], { outputs: ["w.next"] });
  b.add("Add", ["count", b.constant(integers(integer, [1], []))], { outputs: ["count.next"] });
  b.add("ReduceSum", ["w"], { ...keep, outputs: ["loss"] });
  b.output(value("loss", "float32", []));
  b.output(value("w.next", "float32", [2]));
  b.output(value("count.next", integer, []));
  return b.build();
}

/** `a` and `b` change places: a step that wrote where it reads would lose one of them. */
export function exchangeModel(): Graph {
  const b = graphBuilder("exchange");
  b.input(value("a", "float32", [2]));
  b.input(value("b", "float32", [2]));
  b.add("Identity", ["b"], { outputs: ["a.next"] });
  b.add("Identity", ["a"], { outputs: ["b.next"] });
  b.output(value("a.next", "float32", [2]));
  b.output(value("b.next", "float32", [2]));
  return b.build();
}

/** An operator that no runtime has. */
export function unknownOperatorModel(): Graph {
  const b = graphBuilder("unknown");
  b.input(value("x", "float32", [1]));
  b.add("NoSuchOperator", ["x"], { outputs: ["y"], attributes: { why: text("to be refused") } });
  b.output(value("y", "float32", [1]));
  return b.build();
}
