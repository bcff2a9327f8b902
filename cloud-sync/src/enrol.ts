import type { Name } from "@edgeloop/core/platform";
import { concatBytes, EdgeloopError, fromUtf8 } from "@edgeloop/core/platform";
import { envelopeBytesMax } from "./dsse.ts";
import type { EnrolmentResult } from "./enrolment.ts";
import { acceptEnrolment, requestEnrolment } from "./enrolment.ts";
import { parseEnrolmentToken } from "./enrolment-token.ts";
import type { SigningKey } from "./keys.ts";
import { parseSecureUrl } from "./secure-url.ts";

/** How a device asks to be let in. */
export type EnrolOptions = {
  /** The token as the operator pasted it. */
  readonly token: string;
  readonly device: Name;
  /** The device's new key, made on the device. */
  readonly key: SigningKey;
  /** Where to ask instead of the address in the token: through a proxy, for instance. */
  readonly url?: string;
  readonly fetch?: typeof globalThis.fetch;
  readonly signal?: AbortSignal;
};

/** What a device takes home, with the fleet that it belongs to now. */
export type Enrolled = EnrolmentResult & { readonly fleet: Name; readonly url: string };

/**
 * Enrols a device: asks over HTTP, and believes only the key and the root that the token names.
 *
 * May be asked again with the same token and key after the answer was lost.
 *
 * @throws `ENROLMENT_TOKEN_INVALID`, `ENROLMENT_UNREACHABLE`, the coordinator's refusals by their codes, and what
 * `acceptEnrolment` throws.
 */
export async function enrol(options: EnrolOptions): Promise<Enrolled> {
  const token = parseEnrolmentToken(options.token);
  const url = options.url ?? token.url;
  const request = await requestEnrolment(token, options.device, options.key);
  const answer = await ask(options, url, request.envelope);
  return { ...(await acceptEnrolment(request, answer)), fleet: token.fleet, url };
}

async function ask(
  { fetch = globalThis.fetch, signal }: EnrolOptions,
  url: string,
  envelope: Uint8Array<ArrayBuffer>,
): Promise<Uint8Array> {
  const base = parseSecureUrl(url).href.replace(/\/$/, "");
  const response = await reach(() =>
    fetch(`${base}/v1/enrolments`, {
      method: "POST",
      body: envelope,
      headers: { "content-type": "application/vnd.dsse.envelope.v1+json" },
      ...(signal ? { signal } : {}),
    }),
  );
  const body = await bodyOf(response);
  if (response.ok) return body;
  throw refusalOf(body, response.status);
}

async function reach(call: () => Promise<Response>): Promise<Response> {
  try {
    return await call();
  } catch (cause) {
    throw failed("ENROLMENT_UNREACHABLE", "the coordinator cannot be reached", { cause });
  }
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of response.body ?? new ReadableStream<Uint8Array>()) {
    bytes += part.length;
    if (bytes > envelopeBytesMax) {
      throw failed("ENROLMENT_ANSWER_INVALID", "the answer is too long", {});
    }
    parts.push(part);
  }
  return concatBytes(parts);
}

function refusalOf(body: Uint8Array, status: number): EdgeloopError {
  try {
    const { code, message } = JSON.parse(fromUtf8(body));
    if (typeof code === "string" && typeof message === "string") {
      return failed(code, message, { details: { status } });
    }
  } catch {
    // A proxy's error page says nothing that a code could be made of.
  }
  return failed("ENROLMENT_UNREACHABLE", `expected a coordinator, got HTTP status ${status}`, {});
}

const failed = (
  code: string,
  message: string,
  options: { readonly details?: Readonly<Record<string, unknown>>; readonly cause?: unknown },
): EdgeloopError => new EdgeloopError(code, message, options);
