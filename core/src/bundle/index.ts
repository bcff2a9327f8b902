export type { BundleDiff } from "./bundle-blobs.ts";
export {
  bundleBlobs,
  bundleBytes,
  bundleDiff,
  missingBlobs,
  readManifest,
} from "./bundle-blobs.ts";
export type { BuiltBundle, BundleContent, BundleParts } from "./bundle-build.ts";
export { buildBundle } from "./bundle-build.ts";
export type { Golden, GoldenWindows } from "./golden.ts";
export { encodeGoldenExpected, encodeGoldenWindows, loadGolden } from "./golden.ts";
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
export { loadGraph, loadWeights, storeModel, tensorBlobBytesMin } from "./stored-model.ts";
