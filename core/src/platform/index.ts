export type { BlobRef, BlobStore } from "./blob-store.ts";
export type { ByteChannel } from "./byte-channel.ts";
export { bytesOf, concatBytes, equalBytes, fromHex, fromUtf8, toHex, utf8 } from "./bytes.ts";
export type { Json } from "./canonical-json.ts";
export { canonicalJson } from "./canonical-json.ts";
export type { Clock, VirtualClock } from "./clock.ts";
export { virtualClock } from "./clock.ts";
export type { CobsCounters, CobsDecoder } from "./cobs.ts";
export { cobsDecoder, cobsEncode } from "./cobs.ts";
export { crc32c } from "./crc32c.ts";
export type { ErrorDetails, WireError } from "./errors.ts";
export {
  codeOf,
  EdgeloopError,
  fromWireError,
  hasCode,
  messageOf,
  toWireError,
  unreachable,
} from "./errors.ts";
export type { Brand, Name, Sha256 } from "./ids.ts";
export { isName, isSha256, parseName, parseSha256 } from "./ids.ts";
export {
  frameBytesMax,
  inferredNodesMax,
  lineBytesMax,
  npyHeaderBytesMax,
  npzEntriesMax,
  npzInflatedBytesMax,
  onnxDepthMax,
  onnxExternalBytesMax,
  onnxFunctionDepthMax,
  onnxNodesMax,
  protobufFieldsMax,
  protobufListMax,
} from "./limits.ts";
export type { LineCounters, LineDecoder } from "./line.ts";
export { lineDecoder } from "./line.ts";
export type { Log, LogFields } from "./log.ts";
export { silentLog } from "./log.ts";
export type { Rng } from "./random.ts";
export { deriveSeed, gaussian, seededRng, shuffled } from "./random.ts";
export { sha256 } from "./sha256.ts";
export type { Row, SqlValue, Statement, Store } from "./store.ts";
