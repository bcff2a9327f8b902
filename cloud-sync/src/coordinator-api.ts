import type { BlobRef, BlobStore, Clock, Name } from "@edgeloop/core/platform";
import { concatBytes, EdgeloopError, fromUtf8 } from "@edgeloop/core/platform";
import { envelopeBytesMax } from "./dsse.ts";
import { mintJwt } from "./jwt.ts";
import type { SigningKey } from "./keys.ts";
import { parseSecureUrl } from "./secure-url.ts";
import { mqttAudience } from "./topics.ts";

/** How a device reaches the coordinator's HTTP routes. */
export type CoordinatorApiOptions = {
  readonly url: string;
  readonly fleet: Name;
  readonly device: Name;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly fetch: typeof globalThis.fetch;
};

/** The coordinator's HTTP routes, as a device calls them; every rejection carries the coordinator's code. */
export type CoordinatorApi = {
  /** Fetches a small document, at most as long as an envelope. */
  get(path: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  put(path: string, body: Uint8Array, options: PutOptions): Promise<void>;
  /** Fetches blobs that are not there yet, verified while they stream in. */
  fetchBlobs(refs: readonly BlobRef[], blobs: BlobStore, signal: AbortSignal): Promise<void>;
  /** Makes the value of an `Authorization` header. */
  authorization(): Promise<string>;
};

/** How a body is sent. */
export type PutOptions = {
  readonly type: "application/vnd.dsse.envelope.v1+json" | "application/octet-stream";
  readonly signal: AbortSignal;
};

/**
 * Opens the routes; each request carries a token that was minted for it.
 *
 * @throws `CONNECTION_INSECURE` for plain HTTP to another machine.
 */
export function coordinatorApi(options: CoordinatorApiOptions): CoordinatorApi {
  const base = parseSecureUrl(options.url).href.replace(/\/$/, "");
  const { key, device, clock, fleet } = options;
  const authorization = async (): Promise<string> =>
    `Bearer ${await mintJwt({ key, device, audience: mqttAudience(fleet), clock })}`;
  const request = async (path: string, init: RequestInit): Promise<Response> => {
    const headers = new Headers(init.headers);
    headers.set("authorization", await authorization());
    const response = await reach(() => options.fetch(base + path, { ...init, headers }), path);
    if (!response.ok) throw await refusalOf(response, path);
    return response;
  };
  return {
    authorization,
    async get(path, signal) {
      return await bytesOf(await request(path, { signal }), path);
    },
    async put(path, body, { type, signal }) {
      const response = await request(path, {
        method: "PUT",
        body: Uint8Array.from(body),
        headers: { "content-type": type },
        signal,
      });
      await bytesOf(response, path);
    },
    async fetchBlobs(refs, blobs, signal) {
      for (const ref of refs) {
        if (await blobs.has(ref.sha256)) continue;
        const { body } = await request(`/v1/blobs/${ref.sha256}`, { signal });
        await blobs.putStream(ref, body ?? new ReadableStream());
      }
    },
  };
}

/** Gives a broken connection a code; an abort stays what it is. */
async function reach(call: () => Promise<Response>, path: string): Promise<Response> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof Error && cause.name === "AbortError") throw cause;
    throw unreached(path, cause);
  }
}

const unreached = (path: string, cause: unknown): EdgeloopError =>
  new EdgeloopError("COORDINATOR_UNREACHABLE", "the coordinator cannot be reached", {
    details: { path },
    cause,
  });

async function bytesOf(response: Response, path: string): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? new ReadableStream<Uint8Array>()) {
    bytes += part.length;
    if (bytes > envelopeBytesMax) {
      throw new EdgeloopError("ANSWER_TOO_LARGE", `expected at most ${envelopeBytesMax} bytes`, {
        details: { path },
      });
    }
    parts.push(part);
  }
  return concatBytes(parts);
}

async function refusalOf(response: Response, path: string): Promise<EdgeloopError> {
  const { status } = response;
  const { code, message } = readRefusal(await bytesOf(response, path));
  return new EdgeloopError(code, message, { details: { path, status } });
}

function readRefusal(body: Uint8Array): { readonly code: string; readonly message: string } {
  try {
    const { code, message } = JSON.parse(fromUtf8(body));
    if (typeof code === "string" && typeof message === "string") return { code, message };
  } catch {
    // A proxy's error page says nothing that a code could be made of.
  }
  return { code: "COORDINATOR_ANSWER_INVALID", message: "the answer is not the coordinator's" };
}
