import { concatBytes } from "@edgeloop/core/platform";

import { otaError } from "./ota-error.ts";

/** What a client asks a repository for: a path below its base, and from which byte on. */
export type RepositoryRequest = {
  /** `metadata/…`, `targets/…` or `blobs/<sha256>`. */
  readonly path: string;
  readonly fromByte: number;
  readonly signal?: AbortSignal;
};

/** The content of a file, from some byte on. */
export type RepositoryAnswer = {
  /** Where `content` starts: 0 from a server that cannot resume, whatever was asked. */
  readonly fromByte: number;
  readonly content: AsyncIterable<Uint8Array>;
};

/** Reads from a repository; `undefined` when it has no such file. Rejects when it cannot be reached. */
export type RepositoryFetch = (request: RepositoryRequest) => Promise<RepositoryAnswer | undefined>;

/**
 * Reads a whole small file and stops at the limit: an endless answer costs no more than that.
 *
 * @returns `undefined` when there is no such file.
 * @throws `OTA_TOO_LARGE`
 */
export async function readWhole(
  fetch: RepositoryFetch,
  path: string,
  { bytesMax, signal }: { readonly bytesMax: number; readonly signal?: AbortSignal },
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const answer = await fetch({ path, fromByte: 0, ...(signal ? { signal } : {}) });
  if (!answer) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.content) {
    bytes += chunk.length;
    if (bytes > bytesMax) {
      throw otaError("OTA_TOO_LARGE", `${path} holds more than ${bytesMax} bytes`, {
        path,
        bytesMax,
      });
    }
    chunks.push(chunk.slice());
  }
  return concatBytes(chunks);
}

/** Where a repository is reached by HTTP. */
export type HttpRepositoryOptions = {
  /** Everything lies below it, for instance `https://plant.example:8443/v1/repository`. */
  readonly url: string;
  readonly fetch: typeof globalThis.fetch;
  /** Value of the `Authorization` header, asked for at every request. */
  readonly authorization?: () => Promise<string>;
  /** Longest that one request may take; a download resumes with the next one. */
  readonly requestTimeoutMs?: number;
};

/**
 * Reads a repository over HTTP with `Range`.
 *
 * @throws `OTA_UNREACHABLE` on any status but 200, 206, 404 and 416, and when the connection fails, stalls or breaks off, be it
 * in the middle of the content; an abort by the caller stays what it is.
 */
export function httpRepository(options: HttpRepositoryOptions): RepositoryFetch {
  const { fetch, requestTimeoutMs = 100_000 } = options;
  const base = options.url.replace(/\/$/, "");
  return async ({ path, fromByte, signal }) => {
    const headers = new Headers();
    if (fromByte > 0) headers.set("range", `bytes=${fromByte}-`);
    if (options.authorization) headers.set("authorization", await options.authorization());
    const deadline = AbortSignal.timeout(requestTimeoutMs);
    const reach = reaching(path, signal);
    const answer = await reach(() =>
      fetch(`${base}/${path}`, {
        headers,
        signal: signal ? AbortSignal.any([signal, deadline]) : deadline,
        redirect: "error",
      }),
    );
    const content = (): AsyncIterable<Uint8Array> => bodyOf(answer, reach);
    if (answer.status === 200) return { fromByte: 0, content: content() };
    if (answer.status === 206) return { fromByte: startOf(answer), content: content() };
    await answer.body?.cancel();
    if (answer.status === 404) return undefined;
    // Nothing lies behind the last byte: what is there already is whole, or wrong, and its hash will tell.
    if (answer.status === 416) return { fromByte, content: bodyOf(new Response(null), reach) };
    throw otaError("OTA_UNREACHABLE", `the repository answered ${answer.status}`, {
      path,
      status: answer.status,
    });
  };
}

function startOf(answer: Response): number {
  const range = /^bytes (\d+)-/.exec(answer.headers.get("content-range") ?? "");
  if (range) return Number(range[1]);
  throw otaError("OTA_UNREACHABLE", "a partial answer must say where it starts");
}

type Reach = <T>(step: () => Promise<T>) => Promise<T>;

/** A connection that fails says nothing about what was asked for; its errors have no code of their own. */
const reaching =
  (path: string, signal: AbortSignal | undefined): Reach =>
  async (step) => {
    try {
      return await step();
    } catch (cause) {
      if (signal?.aborted) throw cause;
      throw otaError("OTA_UNREACHABLE", "the repository cannot be reached", { path }, cause);
    }
  };

async function* bodyOf(answer: Response, reach: Reach): AsyncGenerator<Uint8Array> {
  const reader = answer.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reach(() => reader.read());
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
