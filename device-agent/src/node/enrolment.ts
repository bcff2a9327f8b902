import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { SigningKey, VerifyKey } from "@edgeloop/cloud-sync";
import {
  acceptEnrolment,
  importPublicKey,
  parseEnrolmentToken,
  requestEnrolment,
} from "@edgeloop/cloud-sync";
import { createKeyFile, readKeyFile } from "@edgeloop/cloud-sync/node";
import type { Name } from "@edgeloop/core/platform";
import { EdgeloopError, fromHex, fromUtf8, hasCode, toHex, utf8 } from "@edgeloop/core/platform";
import { readFileOrPrevious, sha256Sync, writeFileAtomic } from "@edgeloop/core/platform/node";
import type { CoordinatorConfig } from "../config.ts";
import { enrolmentBytesMax, enrolmentTimeoutMs } from "../limits.ts";

/** Who this gateway is, and whom it believes. */
export type Identity = {
  readonly key: SigningKey;
  readonly coordinatorKey: VerifyKey;
  /** Bytes of the TUF root that updates start from. */
  readonly root: Uint8Array;
};

/** What enrolling needs. */
export type EnrolmentOptions = {
  /** Holds the key and what enrolment brought. */
  readonly directory: string;
  readonly device: Name;
  readonly fleet: Name;
  readonly coordinator: CoordinatorConfig;
  readonly fetch: typeof globalThis.fetch;
};

/**
 * Reads this gateway's identity, or enrols with the token the first time.
 *
 * The key is made here and never leaves; the token's secret never crosses the wire.
 *
 * @throws `ENROLMENT_TOKEN_MISSING`, `ENROLMENT_FLEET_MISMATCH`, `COORDINATOR_UNREACHABLE`, the coordinator's refusals, and
 * what reading the token and the answer throws.
 */
export async function enrol(options: EnrolmentOptions): Promise<Identity> {
  const key = await deviceKey(join(options.directory, "device.key"));
  const file = join(options.directory, "enrolment.json");
  const known = await readFileOrPrevious(file, parse);
  if (known !== undefined) {
    const { coordinatorKey, root } = known.value;
    return { key, coordinatorKey: await importPublicKey(coordinatorKey), root };
  }
  const result = await ask(options, key);
  const stored = { coordinatorKey: toHex(result.coordinatorKey.raw), root: toHex(result.root) };
  await writeFileAtomic(file, format(JSON.stringify({ format: 1, ...stored })), {
    keepPrevious: true,
  });
  return { key, ...result };
}

async function deviceKey(path: string): Promise<SigningKey> {
  try {
    return await readKeyFile(path, "device");
  } catch (error) {
    if (!hasCode(error, "KEY_FILE_MISSING")) throw error;
    return await createKeyFile(path, "device");
  }
}

async function ask(
  { coordinator, device, fleet, fetch }: EnrolmentOptions,
  key: SigningKey,
): Promise<Omit<Identity, "key">> {
  const token = parseEnrolmentToken(await readToken(coordinator));
  if (token.fleet !== fleet) {
    throw new EdgeloopError(
      "ENROLMENT_FLEET_MISMATCH",
      `the token is for the fleet ${token.fleet}`,
    );
  }
  const request = await requestEnrolment(token, device, key);
  const response = await post(fetch, new URL("/v1/enrolments", coordinator.url), request.envelope);
  const body = await bodyOf(response);
  if (!response.ok) throw refusal(response.status, body);
  return await acceptEnrolment(request, body);
}

async function readToken({ tokenFile }: CoordinatorConfig): Promise<string> {
  const missing = (cause?: unknown): EdgeloopError =>
    new EdgeloopError(
      "ENROLMENT_TOKEN_MISSING",
      "this gateway is not enrolled: name a file with a token as coordinator.tokenFile",
      { details: { tokenFile }, cause },
    );
  if (tokenFile === undefined) throw missing();
  return await readFile(tokenFile, "utf8").catch((cause: unknown) => {
    throw missing(cause);
  });
}

async function post(
  fetch: typeof globalThis.fetch,
  url: URL,
  envelope: Uint8Array,
): Promise<Response> {
  try {
    return await fetch(url, {
      method: "POST",
      body: Uint8Array.from(envelope),
      headers: { "content-type": "application/vnd.dsse.envelope.v1+json" },
      signal: AbortSignal.timeout(enrolmentTimeoutMs),
      redirect: "error",
    });
  } catch (cause) {
    throw unreachable(url, cause);
  }
}

async function bodyOf(response: Response): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.length;
    if (bytes > enrolmentBytesMax) {
      throw new EdgeloopError(
        "ENROLMENT_ANSWER_INVALID",
        `expected at most ${enrolmentBytesMax} bytes`,
      );
    }
    chunks.push(chunk);
  }
  return Uint8Array.from(Buffer.concat(chunks));
}

/** The coordinator says why as `{ code, message }`. */
function refusal(status: number, body: Uint8Array): EdgeloopError {
  const details = { status };
  try {
    const { code, message } = JSON.parse(fromUtf8(body));
    return new EdgeloopError(String(code), String(message), { details });
  } catch (cause) {
    return new EdgeloopError("COORDINATOR_UNREACHABLE", `the coordinator answered ${status}`, {
      details,
      cause,
    });
  }
}

const unreachable = (url: URL, cause: unknown): EdgeloopError =>
  new EdgeloopError("COORDINATOR_UNREACHABLE", `no coordinator answers at ${url.origin}`, {
    cause,
  });

const format = (json: string): Uint8Array => utf8(`${sha256Sync(utf8(json))}\n${json}\n`);

function parse(bytes: Uint8Array): {
  readonly coordinatorKey: Uint8Array;
  readonly root: Uint8Array;
} {
  const [sum = "", json = ""] = fromUtf8(bytes).split("\n");
  if (sha256Sync(utf8(json)) !== sum) throw damaged();
  const fields = JSON.parse(json);
  const [coordinatorKey, root] = [fromHex(fields.coordinatorKey), fromHex(fields.root)];
  if (fields.format !== 1 || coordinatorKey === undefined || root === undefined) throw damaged();
  return { coordinatorKey, root };
}

const damaged = (): EdgeloopError =>
  new EdgeloopError("ENROLMENT_DAMAGED", "what enrolment brought is damaged: enrol again");
