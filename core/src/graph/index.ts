export type { Attributes, GraphBuilder, NodeOptions } from "./builder.ts";
export { float, graphBuilder, int, ints, text } from "./builder.ts";
export type { Attribute, Dim, Graph, Node, ValueInfo } from "./graph.ts";
export { opsetInternal } from "./graph.ts";
export type { DType, DTypeArrays, Tensor, TensorOf, Tensors } from "./tensor.ts";
export { f32, i64, scalar, sizeOf } from "./tensor.ts";
