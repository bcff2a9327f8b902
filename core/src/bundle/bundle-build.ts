import type { Graph } from "../graph/graph.ts";
import type { BlobRef, BlobStore } from "../platform/blob-store.ts";
import { EdgeloopError } from "../platform/errors.ts";
import type { Sha256 } from "../platform/ids.ts";
import { bundleBytes } from "./bundle-blobs.ts";
import type { Manifest, ManifestGolden } from "./manifest.ts";
import { manifestBytes, parseManifest } from "./manifest-parse.ts";
import { storeModel } from "./stored-model.ts";

/** Content that a bundle takes over from its parent by name, or brings as bytes. */
export type BundleContent = Uint8Array | BlobRef;

/** What a bundle is made of. */
export type BundleParts = Omit<Manifest, "format" | "float" | "int8" | "golden" | "profile"> & {
  readonly float: Graph;
  readonly int8: Graph;
  readonly golden: Omit<ManifestGolden, "windows" | "expected"> & {
    readonly windows: BundleContent;
    readonly expected: BundleContent;
  };
  readonly profile: BundleContent;
};

/** A bundle whose blobs are stored, its manifest among them. */
export type BuiltBundle = {
  readonly manifest: Manifest;
  readonly manifestBytes: Uint8Array<ArrayBuffer>;
  /** Identity: the SHA-256 of `manifestBytes`. */
  readonly sha256: Sha256;
};

/**
 * Builds a bundle: stores every blob and the manifest, and holds it to its own constraint on size.
 *
 * @throws `BUNDLE_TOO_LARGE` when a first installation would exceed `constraints.bundleBytesMax`, `BUNDLE_MANIFEST_INVALID`
 */
export async function buildBundle(parts: BundleParts, blobs: BlobStore): Promise<BuiltBundle> {
  const { float, int8, golden, profile, ...plain } = parts;
  const draft: Manifest = {
    format: 1,
    ...plain,
    float: await storeModel(float, blobs),
    int8: await storeModel(int8, blobs),
    golden: {
      ...golden,
      windows: await stored(golden.windows, blobs),
      expected: await stored(golden.expected, blobs),
    },
    profile: await stored(profile, blobs),
  };
  const bytes = manifestBytes(draft);
  const manifest = parseManifest(bytes);
  const size = bundleBytes(manifest);
  if (size > manifest.constraints.bundleBytesMax) {
    throw new EdgeloopError(
      "BUNDLE_TOO_LARGE",
      `a first installation is ${size} bytes, the constraint allows ${manifest.constraints.bundleBytesMax}`,
      { details: { bytes: size, bundleBytesMax: manifest.constraints.bundleBytesMax } },
    );
  }
  const { sha256 } = await blobs.put(bytes);
  return { manifest, manifestBytes: bytes, sha256 };
}

const stored = (content: BundleContent, blobs: BlobStore): Promise<BlobRef> =>
  content instanceof Uint8Array
    ? blobs.put(content)
    : Promise.resolve({ sha256: content.sha256, bytes: content.bytes });
