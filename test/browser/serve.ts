import { createReadStream, existsSync } from "node:fs";
import type { Server } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join } from "node:path";
import { root } from "../source-files.ts";

/** A server for one page on loopback. */
export type PageServer = AsyncDisposable & { readonly url: string };

const types: Readonly<Record<string, string>> = {
  ".html": "text/html",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".wasm": "application/wasm",
};

/**
 * Serves files of the test by name, and the runtime's from its package; with the headers that isolate a page, which
 * shared memory and so threads need.
 *
 * @see https://html.spec.whatwg.org/multipage/browsers.html#cross-origin-opener-policies
 */
export async function servePage(
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<PageServer> {
  const server: Server = createServer((request, response) => {
    const name = (request.url ?? "/").slice(1) || "index.html";
    const file = files[name];
    const runtime = join(root, "node_modules", "onnxruntime-web", "dist", name);
    const isKnown = /^[\w.-]+$/.test(name) && (file !== undefined || existsSync(runtime));
    response.writeHead(isKnown ? 200 : 404, {
      "content-type": types[extname(name)] ?? "application/octet-stream",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
      "cross-origin-resource-policy": "same-origin",
    });
    if (!isKnown) response.end();
    else if (file === undefined) createReadStream(runtime).pipe(response);
    else response.end(file);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://localhost:${port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
