import { join } from "node:path";

import type { BlobStore } from "@edgeloop/core/platform";
import { hasCode, isSha256 } from "@edgeloop/core/platform";

import type { RepositoryAnswer } from "../ota-repository.ts";
import type { RegistryShelf } from "./registry-state.ts";

/** A file to serve, from some byte on. */
export type RegistryFile = RepositoryAnswer & {
  /** Length of the whole file. */
  readonly bytes: number;
  /** True when the path names its content, so that caches may keep it for good. */
  readonly immutable: boolean;
};

/** Where a registry's files lie. */
export type RegistryDesk = { readonly shelf: RegistryShelf; readonly blobs: BlobStore };

/** Answers a client's request for a path, from some byte on; `undefined` for 404. */
export async function serveFile(
  desk: RegistryDesk,
  path: string,
  fromByte: number,
): Promise<RegistryFile | undefined> {
  const content = await contentOf(desk, path);
  if (!content) return undefined;
  const start = Math.min(Math.max(0, fromByte), content.length);
  return {
    fromByte: start,
    bytes: content.length,
    immutable: path !== "metadata/timestamp.json",
    content: chunksOf(content.subarray(start)),
  };
}

async function contentOf(
  { shelf, blobs }: RegistryDesk,
  path: string,
): Promise<Uint8Array | undefined> {
  // No name below starts with a dot or holds a slash, so nothing outside the directory can be named.
  const metadata = /^metadata\/((?:[1-9]\d*\.)?[a-z0-9][a-z0-9-]*\.json)$/.exec(path)?.[1];
  const hash = /^(?:blobs\/|targets\/(?:[a-z0-9-]+\/)*)([0-9a-f]{64})(?:\.[a-z0-9.-]+)?$/.exec(
    path,
  )?.[1];
  try {
    if (metadata) return await shelf.fileSystem.read(join(shelf.directory, "metadata", metadata));
    if (isSha256(hash)) return await blobs.get(hash);
  } catch (error) {
    if (!hasCode(error, "ENOENT") && !hasCode(error, "BLOB_MISSING")) throw error;
  }
  return undefined;
}

const chunkBytes = 64 * 1024;

async function* chunksOf(content: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < content.length; at += chunkBytes) {
    yield await Promise.resolve(content.subarray(at, at + chunkBytes));
  }
}
