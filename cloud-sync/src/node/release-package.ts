import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import type { BlobStore } from "@edgeloop/core/platform";
import { EdgeloopError, hasCode } from "@edgeloop/core/platform";
import { openFileBlobStore, writeFileAtomic } from "@edgeloop/core/platform/node";
import type { OfflinePackage } from "../ota-offline.ts";
import type { Registry } from "./registry.ts";

/** Files of one package: lines and manifests. A package with more was not written by us. */
const packageFilesMax = 10_000;

/**
 * Opens the blob store of a release package: what `edgeloop release` writes and carries to the coordinator.
 *
 * A package is a folder with `root.json`, `targets.json`, the signed files by their target paths below `files/`, and the
 * blobs that they name below `blobs/`. It holds no secret.
 */
export const releaseBlobs = (directory: string): Promise<BlobStore> =>
  openFileBlobStore(join(directory, "blobs"));

/** Writes what the offline key signed beside the blobs of a package. */
export async function writeReleasePackage(
  directory: string,
  signed: OfflinePackage,
): Promise<void> {
  for (const [path, bytes] of signed.files) {
    const file = join(directory, "files", path);
    await mkdir(dirname(file), { recursive: true });
    await writeFileAtomic(file, bytes);
  }
  await writeFileAtomic(join(directory, "targets.json"), signed.targets);
  await writeFileAtomic(join(directory, "root.json"), signed.root);
}

/**
 * Reads a package; nothing in it is trusted before the registry has checked the signatures.
 *
 * @throws `RELEASE_PACKAGE_INVALID` when a file is missing.
 */
export async function readReleasePackage(directory: string): Promise<OfflinePackage> {
  const folder = join(directory, "files");
  const names = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
    (cause: unknown) => {
      throw invalid(directory, "files", cause);
    },
  );
  const paths = names.filter((entry) => entry.isFile()).map((e) => join(e.parentPath, e.name));
  if (paths.length > packageFilesMax) throw invalid(directory, "files", undefined);
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const path of paths.toSorted()) {
    const target = relative(folder, path).split(sep).join("/");
    files.set(target, Uint8Array.from(await readFile(path)));
  }
  return {
    root: await read(directory, "root.json"),
    targets: await read(directory, "targets.json"),
    files,
  };
}

/**
 * Publishes a package in a registry: blobs first, then what was signed over them.
 *
 * @returns Target paths of the package.
 * @throws What {@link readReleasePackage} and `Registry.importOffline` throw.
 */
export async function importReleasePackage(
  directory: string,
  registry: Registry,
): Promise<readonly string[]> {
  const signed = await readReleasePackage(directory);
  const blobs = await releaseBlobs(directory);
  for (const sha256 of await blobs.list()) {
    if (!(await registry.blobs.has(sha256))) await registry.blobs.put(await blobs.get(sha256));
  }
  await registry.importOffline(signed);
  return [...signed.files.keys()];
}

async function read(directory: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return Uint8Array.from(await readFile(join(directory, name)));
  } catch (error) {
    throw hasCode(error, "ENOENT") ? invalid(directory, name, error) : error;
  }
}

const invalid = (directory: string, name: string, cause: unknown): EdgeloopError =>
  new EdgeloopError(
    "RELEASE_PACKAGE_INVALID",
    `${directory} is no release package: ${name} is missing or too large; make one with: edgeloop release`,
    { details: { directory, name }, cause },
  );
