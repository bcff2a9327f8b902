export { decodeTflite, isTflite } from "./decode.ts";
export { encodeTflite } from "./encode.ts";
export { flatBytesMax } from "./flat-reader.ts";
export { fromTflite } from "./from-tflite.ts";
export type {
  TfliteBinding,
  TfliteModel,
  TfliteOperator,
  TfliteOption,
  TfliteOptions,
  TfliteQuantization,
  TfliteSignature,
  TfliteSubgraph,
  TfliteTensor,
  TfliteType,
} from "./model.ts";
export { dtypeOfTflite } from "./tensor-types.ts";
export type { ToTfliteOptions } from "./to-tflite.ts";
export { toTflite } from "./to-tflite.ts";
