import type { Name, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, isName, isSha256, toHex, utf8 } from "@edgeloop/core/platform";

import { fromBase64, toBase64Url } from "./base64.ts";
import { parseObject } from "./dsse.ts";
import { parseSecureUrl } from "./secure-url.ts";

/** Secret of a token: 128 bits, used once. */
export const enrolmentSecretBytes = 16;

/** Characters of a token that are read. */
export const enrolmentTokenCharactersMax = 2048;

const prefix = "edgeloop1.";

/** What an operator carries from the coordinator to a gateway. The secret never crosses the wire. */
export type EnrolmentToken = {
  readonly url: string;
  readonly fleet: Name;
  readonly secret: Uint8Array;
  readonly expiresUs: number;
  /** SHA-256 of the bytes of the TUF root that the device starts from. */
  readonly rootSha256: Sha256;
  /** Key id of the coordinator, which is the SHA-256 of its raw public key. */
  readonly coordinatorKeyId: Sha256;
};

/** What the coordinator keeps of a token: enough to check a MAC, useless for finding the secret. */
export type EnrolmentRecord = {
  /** Public name of the token, derived from the secret. */
  readonly tokenId: string;
  /** HMAC-SHA-256 key, derived from the secret; 32 bytes. */
  readonly macKey: Uint8Array;
  readonly fleet: Name;
  readonly expiresUs: number;
};

/**
 * Makes a single-use token and the record of it.
 *
 * @throws `CONNECTION_INSECURE` when the address is plain text and not on loopback.
 */
export async function createEnrolmentToken(
  options: Omit<EnrolmentToken, "secret">,
): Promise<{ readonly token: string; readonly record: EnrolmentRecord }> {
  parseSecureUrl(options.url);
  const secret = globalThis.crypto.getRandomValues(new Uint8Array(enrolmentSecretBytes));
  const token = { ...options, secret };
  return { token: writeToken(token), record: await enrolmentRecord(token) };
}

/** Derives what the coordinator stores; the device derives the same. */
export async function enrolmentRecord(token: EnrolmentToken): Promise<EnrolmentRecord> {
  const [id, macKey] = await Promise.all([
    derive(token.secret, "edgeloop enrolment token id", 16),
    derive(token.secret, "edgeloop enrolment mac", 32),
  ]);
  return { tokenId: toHex(id), macKey, fleet: token.fleet, expiresUs: token.expiresUs };
}

/**
 * Reads a token as an operator pasted it.
 *
 * @throws `ENROLMENT_TOKEN_INVALID`, `CONNECTION_INSECURE`
 */
export function parseEnrolmentToken(text: string): EnrolmentToken {
  const trimmed = text.trim();
  if (!trimmed.startsWith(prefix) || trimmed.length > enrolmentTokenCharactersMax) {
    throw invalid(`a token starts with ${prefix}; paste the whole line`);
  }
  const json = fieldsOf(trimmed.slice(prefix.length));
  const { url, fleet, secret, expiresUs, root, key } = json;
  if (typeof url !== "string" || !isName(fleet) || typeof secret !== "string") {
    throw invalid("expected url, fleet and secret");
  }
  if (typeof expiresUs !== "number" || !Number.isSafeInteger(expiresUs)) {
    throw invalid("expected expiresUs in microseconds");
  }
  if (!isSha256(root) || !isSha256(key)) throw invalid("expected the hashes of root and key");
  const secretBytes = decode(secret);
  if (secretBytes.length !== enrolmentSecretBytes) throw invalid("expected a secret of 128 bits");
  parseSecureUrl(url);
  return { url, fleet, secret: secretBytes, expiresUs, rootSha256: root, coordinatorKeyId: key };
}

function writeToken(token: EnrolmentToken): string {
  const json = {
    url: token.url,
    fleet: token.fleet,
    secret: toBase64Url(token.secret),
    expiresUs: token.expiresUs,
    root: token.rootSha256,
    key: token.coordinatorKeyId,
  };
  return prefix + toBase64Url(utf8(JSON.stringify(json)));
}

// RFC 5869 with an empty salt: the secret is uniform already.
async function derive(secret: Uint8Array, info: string, bytes: number): Promise<Uint8Array> {
  const key = await globalThis.crypto.subtle.importKey(
    "raw",
    Uint8Array.from(secret),
    "HKDF",
    false,
    ["deriveBits"],
  );
  const parameters = {
    name: "HKDF",
    hash: "SHA-256",
    salt: new Uint8Array(0),
    info: utf8(info),
  };
  return new Uint8Array(await globalThis.crypto.subtle.deriveBits(parameters, key, bytes * 8));
}

function fieldsOf(encoded: string): Readonly<Record<string, unknown>> {
  try {
    return parseObject(fromBase64(encoded));
  } catch (cause) {
    throw invalid("the token is damaged; paste the whole line", cause);
  }
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw invalid("expected the secret in base64", cause);
  }
}

const invalid = (message: string, cause?: unknown): EdgeloopError =>
  new EdgeloopError("ENROLMENT_TOKEN_INVALID", message, cause === undefined ? {} : { cause });
