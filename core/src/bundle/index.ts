export type {
  Manifest,
  ManifestConstraints,
  ManifestGolden,
  ManifestLineage,
  ManifestModel,
  ManifestPipeline,
  TensorBlob,
} from "./manifest.ts";
export {
  manifestBytes,
  manifestBytesMax,
  manifestFormat,
  manifestIdentity,
  manifestListMax,
  manifestTensorsMax,
  manifestTextMax,
  parseManifest,
} from "./manifest-parse.ts";
