import { join } from "node:path";
import { loadGraph, readManifest } from "@edgeloop/core/bundle";
import type { Graph } from "@edgeloop/core/graph";
import { parseSha256 } from "@edgeloop/core/platform";
import { openFileBlobStore } from "@edgeloop/core/platform/node";

/** The two graphs of a released bundle. */
export type ReleasedModel = { readonly float: Graph; readonly int8: Graph };

/**
 * Reads a released bundle from where the coordinator published it.
 *
 * @param registry The coordinator's `registry` folder.
 * @throws `BLOB_MISSING`
 */
export async function readReleased(registry: string, manifest: string): Promise<ReleasedModel> {
  const blobs = await openFileBlobStore(join(registry, "blobs"));
  const parsed = await readManifest(blobs, parseSha256(manifest));
  return {
    float: await loadGraph(parsed, blobs, "float"),
    int8: await loadGraph(parsed, blobs, "int8"),
  };
}
