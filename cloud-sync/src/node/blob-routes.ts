import { Readable } from "node:stream";
import type { BlobStore } from "@edgeloop/core/platform";
import { EdgeloopError, parseSha256 } from "@edgeloop/core/platform";
import type { FastifyInstance } from "fastify";
import type { DeviceAuthentication } from "./http-server.ts";
import { callerOf } from "./http-server.ts";
import type { Registry } from "./registry.ts";

/** What the routes for graphs, parameters and bundles need. */
export type BlobRouteOptions = {
  /** Blobs of rounds: graphs and parameters, never updates. */
  readonly blobs: BlobStore;
  readonly registry: Registry;
  readonly authentication: DeviceAuthentication;
};

/** Adds what devices download: blobs of rounds by hash, and the update repository. */
export function addBlobRoutes(
  app: FastifyInstance,
  { blobs, registry, authentication }: BlobRouteOptions,
): void {
  app.get("/v1/blobs/:sha256", async (request, reply) => {
    await callerOf(request, authentication);
    const { sha256 } = request.params as Readonly<Record<string, string>>;
    const content = await blobs.get(parseSha256(sha256));
    return reply.type("application/octet-stream").send(Buffer.from(content));
  });
  app.get("/v1/repository/*", async (request, reply) => {
    await callerOf(request, authentication);
    const { "*": path = "" } = request.params as Readonly<Record<string, string>>;
    const fromByte = fromByteOf(request.headers.range);
    const file = await registry.read(path, fromByte);
    if (file === undefined) {
      throw new EdgeloopError("BLOB_MISSING", "the repository has no such file", {
        details: { path },
      });
    }
    if (fromByte > 0 && file.fromByte >= file.bytes) {
      return reply.code(416).header("content-range", `bytes */${file.bytes}`).send();
    }
    if (file.fromByte > 0) {
      reply
        .code(206)
        .header("content-range", `bytes ${file.fromByte}-${file.bytes - 1}/${file.bytes}`);
    }
    return reply
      .type("application/octet-stream")
      .header("content-length", file.bytes - file.fromByte)
      .header("cache-control", file.immutable ? "private, max-age=31536000, immutable" : "no-store")
      .send(Readable.from(file.content));
  });
}

/** Reads `bytes=n-`; any other range is answered with the whole. RFC 9110 section 14.2 allows that. */
const fromByteOf = (range: string | undefined): number =>
  Number(/^bytes=(\d{1,15})-$/.exec(range ?? "")?.[1] ?? 0);
