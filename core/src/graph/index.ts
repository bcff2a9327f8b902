export { floatOf, intOf, intsOf, tensorOf, textOf } from "./attributes.ts";
export type { Attributes, GraphBuilder, NodeOptions } from "./builder.ts";
export { float, graphBuilder, int, ints, text } from "./builder.ts";
export { compose } from "./compose.ts";
export type { DTypeRow } from "./dtypes.ts";
export {
  byteLengthOf,
  checkTensor,
  dtypes,
  tensorBytes,
  tensorFromBytes,
  zeros,
} from "./dtypes.ts";
export type { Estimate } from "./estimate.ts";
export { estimate } from "./estimate.ts";
export type { Attribute, Dim, Graph, Node, ValueInfo } from "./graph.ts";
export { opsetInternal } from "./graph.ts";
export { inferKnown, inferValues } from "./infer.ts";
export { decodeNpy, encodeNpy, npyMagic } from "./npy.ts";
export { decodeNpz, encodeNpz } from "./npz.ts";
export type { ExternalRange, ExternalReader } from "./onnx-external.ts";
export { externalFrom, externalLocations } from "./onnx-external.ts";
export type { DecodeOptions } from "./onnx-read.ts";
export { decodeOnnx, opsetOfOnnx } from "./onnx-read.ts";
export { encodeOnnx, onnxBytesMax } from "./onnx-write.ts";
export type { Operator } from "./operator.ts";
export type { Kernel } from "./operators/spatial.ts";
export { kernelOf } from "./operators/spatial.ts";
export { operatorNames, operatorOf } from "./operators.ts";
export { print } from "./print.ts";
export { bodiesOf } from "./reads.ts";
export { renameValues } from "./rename.ts";
export {
  decodeSafetensors,
  encodeSafetensors,
  safetensorsHeaderBytesMax,
  safetensorsMetadata,
} from "./safetensors.ts";
export { dropUnused, simplify } from "./simplify.ts";
export type { DType, DTypeArrays, Tensor, TensorOf, Tensors } from "./tensor.ts";
export { f32, i64, scalar, sizeOf } from "./tensor.ts";
export { validate } from "./validate.ts";
export type { SplitGraph } from "./weights.ts";
export { attachWeights, splitWeights } from "./weights.ts";
