import { mkdir, readdir, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ReleaseRef } from "@edgeloop/cloud-sync";
import { parseManifestTarget, releaseTarget } from "@edgeloop/cloud-sync";
import { releaseBlobs } from "@edgeloop/cloud-sync/node";
import type { BuiltBundle } from "@edgeloop/core/bundle";
import { parseManifest } from "@edgeloop/core/bundle";
import type { BlobStore } from "@edgeloop/core/platform";
import { EdgeloopError, hasCode, parseName } from "@edgeloop/core/platform";
import { writeFileAtomic } from "@edgeloop/core/platform/node";

/**
 * Writes a release that nobody signed beside its blobs: the form of a release package without signatures, which only a
 * gateway on this machine takes, from whoever may start it.
 */
export async function writeLocalPackage(
  directory: string,
  { manifest, manifestBytes }: Pick<BuiltBundle, "manifest" | "manifestBytes">,
): Promise<void> {
  const file = join(directory, "files", releaseTarget(manifest.line, manifest.version));
  await mkdir(dirname(file), { recursive: true });
  await writeFileAtomic(file, manifestBytes);
}

/** A release of a package, ready to be put somewhere. */
export type LocalRelease = {
  readonly target: string;
  /** Copies its manifest and the package's blobs. */
  putInto(blobs: BlobStore): Promise<ReleaseRef>;
};

/**
 * Opens the newest release of a line in a package.
 *
 * @throws `RELEASE_PACKAGE_INVALID` when the package has none, and what reading a manifest throws.
 */
export async function openLocalPackage(directory: string, line: string): Promise<LocalRelease> {
  const target = await newestTarget(directory, line);
  const bytes = await readFile(join(directory, "files", target));
  parseManifest(bytes);
  return {
    target,
    async putInto(into) {
      const blobs = await releaseBlobs(directory);
      for (const sha256 of await blobs.list()) {
        if (!(await into.has(sha256))) await into.put(await blobs.get(sha256));
      }
      const { sha256: manifestSha256 } = await into.put(bytes);
      return { line: parseName(line), target, manifestSha256 };
    },
  };
}

async function newestTarget(directory: string, line: string): Promise<string> {
  const folder = dirname(releaseTarget(line, 1));
  const names = await readdir(join(directory, "files", folder)).catch((error: unknown) => {
    if (hasCode(error, "ENOENT")) return [];
    throw error;
  });
  const newest = names
    .flatMap((name) => parseManifestTarget(`${folder}/${name}`) ?? [])
    .toSorted((a, b) => b.version - a.version)[0];
  if (newest) return releaseTarget(line, newest.version);
  throw new EdgeloopError(
    "RELEASE_PACKAGE_INVALID",
    `${directory} holds no release of the line ${line}; make one with: edgeloop release`,
    { details: { directory, line } },
  );
}
