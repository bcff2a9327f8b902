import type { Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, sha256 } from "@edgeloop/core/platform";

import { fromBase64, toBase64Url } from "./base64.ts";

/** Length of a raw Ed25519 public key (RFC 8032 section 5.1.5). */
export const publicKeyBytes = 32;

/** Length of an Ed25519 signature (RFC 8032 section 5.1.6). */
export const signatureBytes = 64;

/** What verifies: an Ed25519 public key and its id. */
export type VerifyKey = {
  /** SHA-256 of the 32 raw bytes. */
  readonly keyId: Sha256;
  readonly raw: Uint8Array;
  readonly publicKey: CryptoKey;
};

/** What signs. */
export type SigningKey = VerifyKey & { readonly privateKey: CryptoKey };

/** A public key as JSON (RFC 8037). */
export type PublicJwk = { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string };

/** A key pair as JSON (RFC 8037): a secret. */
export type PrivateJwk = PublicJwk & { readonly d: string };

const algorithm = "Ed25519";

/** Makes a new key pair from the platform's own randomness. */
export async function generateKey(): Promise<SigningKey> {
  const pair = await globalThis.crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw invalid("the platform made no Ed25519 key pair");
  const raw = new Uint8Array(await globalThis.crypto.subtle.exportKey("raw", pair.publicKey));
  return { ...(await importPublicKey(raw)), privateKey: pair.privateKey };
}

/**
 * Reads a public key from its 32 raw bytes or its JWK.
 *
 * @throws `KEY_INVALID`
 */
export async function importPublicKey(source: Uint8Array | PublicJwk): Promise<VerifyKey> {
  const raw = source instanceof Uint8Array ? Uint8Array.from(source) : rawOf(source);
  if (raw.length !== publicKeyBytes) throw invalid("an Ed25519 public key is 32 bytes");
  try {
    const publicKey = await globalThis.crypto.subtle.importKey("raw", raw, algorithm, true, [
      "verify",
    ]);
    return { keyId: await sha256(raw), raw, publicKey };
  } catch (cause) {
    throw invalid("the bytes are not an Ed25519 public key", cause);
  }
}

/** Writes a public key as JSON. */
export const publicJwk = (key: VerifyKey): PublicJwk => ({
  kty: "OKP",
  crv: "Ed25519",
  x: toBase64Url(key.raw),
});

/** Writes a key pair as JSON: whoever reads it signs in this key's name. */
export async function exportKey(key: SigningKey): Promise<PrivateJwk> {
  const jwk = await globalThis.crypto.subtle.exportKey("jwk", key.privateKey);
  if (jwk.d === undefined) throw invalid("the private key cannot be exported");
  return { ...publicJwk(key), d: jwk.d };
}

/**
 * Reads a key pair from JSON; the private half then cannot be exported again.
 *
 * @throws `KEY_INVALID` also when the private key does not belong to the public one.
 */
export async function importKey(jwk: unknown): Promise<SigningKey> {
  const { kty, crv, x, d } = fieldsOf(jwk);
  if (kty !== "OKP" || crv !== "Ed25519" || typeof x !== "string" || typeof d !== "string") {
    throw invalid('expected an Ed25519 key pair as JWK: {kty: "OKP", crv: "Ed25519", x, d}');
  }
  const verify = await importPublicKey({ kty, crv, x });
  try {
    const privateKey = await globalThis.crypto.subtle.importKey(
      "jwk",
      { kty, crv, x, d },
      algorithm,
      false,
      ["sign"],
    );
    const key = { ...verify, privateKey };
    const probe = new Uint8Array(1);
    if (await verifyBytes(key, probe, await signBytes(key, probe))) return key;
  } catch (cause) {
    throw invalid("the JWK is not an Ed25519 key pair", cause);
  }
  throw invalid("the private key does not belong to the public key");
}

/** Signs bytes; 64 bytes come back. */
export async function signBytes(
  key: SigningKey,
  bytes: Uint8Array,
): Promise<Uint8Array<ArrayBuffer>> {
  const signature = await globalThis.crypto.subtle.sign(
    algorithm,
    key.privateKey,
    Uint8Array.from(bytes),
  );
  return new Uint8Array(signature);
}

/** Tells whether `signature` over `bytes` is by `key`; false for a signature of any wrong form. */
export function verifyBytes(
  key: VerifyKey,
  bytes: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (signature.length !== signatureBytes) return Promise.resolve(false);
  return globalThis.crypto.subtle.verify(
    algorithm,
    key.publicKey,
    Uint8Array.from(signature),
    Uint8Array.from(bytes),
  );
}

function rawOf(jwk: PublicJwk): Uint8Array<ArrayBuffer> {
  const { kty, crv, x } = fieldsOf(jwk);
  if (kty !== "OKP" || crv !== "Ed25519" || typeof x !== "string") {
    throw invalid('expected an Ed25519 public key as JWK: {kty: "OKP", crv: "Ed25519", x}');
  }
  try {
    return fromBase64(x);
  } catch (cause) {
    throw invalid("x is not base64", cause);
  }
}

function fieldsOf(jwk: unknown): Readonly<Record<string, unknown>> {
  return typeof jwk === "object" && jwk !== null ? { ...jwk } : {};
}

const invalid = (message: string, cause?: unknown): EdgeloopError =>
  new EdgeloopError("KEY_INVALID", message, cause === undefined ? {} : { cause });
