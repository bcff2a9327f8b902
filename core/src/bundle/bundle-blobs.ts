import type { BlobRef, BlobStore } from "../platform/blob-store.ts";
import type { Sha256 } from "../platform/ids.ts";
import type { Manifest, ManifestModel } from "./manifest.ts";
import { manifestBytes, parseManifest } from "./manifest-parse.ts";

/** What a bundle shares with another one that is installed already, and what has to travel. */
export type BundleDiff = {
  readonly reused: readonly BlobRef[];
  readonly added: readonly BlobRef[];
  readonly reusedBytes: number;
  /** Without the manifest itself. */
  readonly addedBytes: number;
};

/** Lists every blob that a manifest names, each once, in the order in which they are needed. */
export function bundleBlobs(manifest: Manifest): readonly BlobRef[] {
  const all = [
    ...modelBlobs(manifest.int8),
    ...modelBlobs(manifest.float),
    manifest.golden.windows,
    manifest.golden.expected,
    manifest.profile,
  ];
  const unique = new Map<Sha256, BlobRef>();
  for (const { sha256, bytes } of all) {
    if (!unique.has(sha256)) unique.set(sha256, { sha256, bytes });
  }
  return [...unique.values()];
}

/** Counts every byte of a first installation: the manifest and all blobs. */
export const bundleBytes = (manifest: Manifest): number =>
  sum(bundleBlobs(manifest)) + manifestBytes(manifest).length;

/** Lists the blobs that still have to be fetched. */
export async function missingBlobs(
  manifest: Manifest,
  blobs: BlobStore,
): Promise<readonly BlobRef[]> {
  const all = bundleBlobs(manifest);
  const held = await Promise.all(all.map((blob) => blobs.has(blob.sha256)));
  return all.filter((_, index) => !held[index]);
}

/** Compares a bundle with the one that it follows: an update that retrains a head sends a head. */
export function bundleDiff(manifest: Manifest, before: Manifest | undefined): BundleDiff {
  const held = new Set(before ? bundleBlobs(before).map((blob) => blob.sha256) : []);
  const all = bundleBlobs(manifest);
  const reused = all.filter((blob) => held.has(blob.sha256));
  const added = all.filter((blob) => !held.has(blob.sha256));
  return { reused, added, reusedBytes: sum(reused), addedBytes: sum(added) };
}

/**
 * Reads an installed manifest by its identity: manifests lie among the blobs.
 *
 * @throws `BLOB_MISSING`, `BLOB_MISMATCH`, `BUNDLE_MANIFEST_INVALID`, `BUNDLE_FORMAT_UNSUPPORTED`
 */
export const readManifest = async (blobs: BlobStore, identity: Sha256): Promise<Manifest> =>
  parseManifest(await blobs.get(identity));

/** Lists the blobs of one graph. */
const modelBlobs = (model: ManifestModel): readonly BlobRef[] => [
  model.graph,
  ...Object.values(model.tensors),
  ...(model.small ? [model.small] : []),
];

const sum = (blobs: readonly BlobRef[]): number =>
  blobs.reduce((total, blob) => total + blob.bytes, 0);
