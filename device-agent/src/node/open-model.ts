import { join } from "node:path";
import { loadGraph, readManifest } from "@edgeloop/core/bundle";
import type { BlobStore, Sha256 } from "@edgeloop/core/platform";
import type { Backend, SessionOptions } from "@edgeloop/core/runtime";
import { openInWorker, probeNative } from "@edgeloop/core/runtime/node";
import type { Classifier } from "../classifier.ts";
import { createClassifier } from "../classifier.ts";

/** Opens a bundle's int8 graph in a worker thread. */
export type ModelOpener = {
  open(identity: Sha256, on?: SessionOptions): Promise<Classifier>;
  /** Backends that work here; native code is probed in a child process first. */
  backends(): Promise<readonly Backend[]>;
};

/**
 * Builds the opener of one gateway's models.
 *
 * `auto` opens on `wasm` with one thread; what was measured to be better is opened by name afterwards.
 */
export function modelOpener({
  blobs,
  backend,
  threads,
  directory,
}: {
  readonly blobs: BlobStore;
  readonly backend: "auto" | Backend;
  readonly threads: number;
  /** Where crashes of native code are remembered. */
  readonly directory: string;
}): ModelOpener {
  const first: SessionOptions =
    backend === "auto" ? { backend: "wasm", threads: 1 } : { backend, threads };
  let available: Promise<readonly Backend[]> | undefined;
  const probe = async (): Promise<readonly Backend[]> => {
    const native = await probeNative({ stateFile: join(directory, "native.json") });
    return native.kind === "available" ? ["wasm", "native"] : ["wasm"];
  };
  return {
    backends() {
      available ??= probe();
      return available;
    },
    async open(identity, on = first) {
      const manifest = await readManifest(blobs, identity);
      const graph = await loadGraph(manifest, blobs, "int8");
      const session = await openInWorker(graph, on);
      return createClassifier({ identity, manifest, session, backend: on.backend });
    },
  };
}
