import type { Json, Sha256 } from "@edgeloop/core/platform";
import { concatBytes, EdgeloopError, fromUtf8, isSha256, utf8 } from "@edgeloop/core/platform";

import { fromBase64, toBase64 } from "./base64.ts";
import type { SigningKey, VerifyKey } from "./keys.ts";
import { signBytes, verifyBytes } from "./keys.ts";

/** An envelope above this is not read: plans are the largest message, and name blobs instead of carrying them. */
export const envelopeBytesMax: number = 1024 * 1024;

/** Signatures that are looked at; ours carry one. */
export const envelopeSignaturesMax = 8;

/** Of Ed25519. */
const signatureBytes = 64;

/** What an envelope claims before any signature is checked: hints, never a basis for a decision. */
export type EnvelopeClaims = {
  readonly payloadType: string;
  readonly payload: Uint8Array;
  readonly signatures: readonly { readonly keyId?: Sha256; readonly signature: Uint8Array }[];
};

/** A payload whose signature was verified, and by whose key. */
export type OpenedEnvelope = { readonly payload: Uint8Array; readonly keyId: Sha256 };

const kindPattern = /^[a-z][a-z0-9-]{0,62}$/;

/**
 * Names the payload type of one kind of message, so that a signed update can never pass as a signed plan.
 *
 * @throws `ENVELOPE_MALFORMED` on a kind that is not lower-case words joined by `-`.
 * @example
 * payloadType("plan"); // => "application/vnd.edgeloop.plan.v1+json"
 */
export function payloadType(kind: string): string {
  if (!kindPattern.test(kind)) throw malformed("a kind is lower-case words joined by -", { kind });
  return `application/vnd.edgeloop.${kind}.v1+json`;
}

/**
 * Encodes type and body into the bytes that are signed.
 *
 * @see DSSE v1 protocol, "Signature Definition" (secure-systems-lab/dsse, protocol.md)
 * @example
 * new TextDecoder().decode(pae("t", Uint8Array.of(65, 66))); // => "DSSEv1 1 t 2 AB"
 */
export function pae(type: string, body: Uint8Array): Uint8Array<ArrayBuffer> {
  const typeBytes = utf8(type);
  return concatBytes([
    utf8(`DSSEv1 ${typeBytes.length} `),
    typeBytes,
    utf8(` ${body.length} `),
    body,
  ]);
}

/**
 * Signs a message as a DSSE envelope.
 *
 * @param message What to sign: JSON, or bytes that are JSON already.
 * @returns The envelope's JSON bytes.
 * @throws `ENVELOPE_MALFORMED` when the envelope would be larger than `envelopeBytesMax`.
 */
export async function signEnvelope(
  kind: string,
  message: Json | Uint8Array,
  key: SigningKey,
): Promise<Uint8Array<ArrayBuffer>> {
  const type = payloadType(kind);
  const payload = message instanceof Uint8Array ? message : utf8(JSON.stringify(message));
  const sig = await signBytes(key, pae(type, payload));
  const envelope = utf8(
    JSON.stringify({
      payload: toBase64(payload),
      payloadType: type,
      signatures: [{ keyid: key.keyId, sig: toBase64(sig) }],
    }),
  );
  if (envelope.length > envelopeBytesMax) {
    throw malformed(`an envelope holds at most ${envelopeBytesMax} bytes`, {
      bytes: envelope.length,
    });
  }
  return envelope;
}

/**
 * Opens an envelope: kind, then signature by any of `keys`.
 *
 * @param envelope JSON bytes from outside.
 * @param keys Whoever may have signed; an envelope's own `keyid` is never believed.
 * @throws `ENVELOPE_MALFORMED`, `ENVELOPE_KIND_MISMATCH`, `ENVELOPE_SIGNATURE_INVALID`
 */
export async function openEnvelope(
  envelope: Uint8Array,
  kind: string,
  keys: readonly VerifyKey[],
): Promise<OpenedEnvelope> {
  const claims = readEnvelope(envelope);
  const type = payloadType(kind);
  if (claims.payloadType !== type) {
    throw new EdgeloopError("ENVELOPE_KIND_MISMATCH", `expected an envelope of kind ${kind}`, {
      details: { expected: type, received: claims.payloadType.slice(0, 128) },
    });
  }
  const signed = pae(claims.payloadType, claims.payload);
  for (const key of keys) {
    for (const { signature } of claims.signatures) {
      if (await verifyBytes(key, signed, signature)) {
        return { payload: claims.payload, keyId: key.keyId };
      }
    }
  }
  throw new EdgeloopError(
    "ENVELOPE_SIGNATURE_INVALID",
    "no signature of the envelope is by an accepted key; enrol again if the key was rotated",
    { details: { kind, accepted: keys.map((key) => key.keyId) } },
  );
}

/**
 * Reads an envelope without checking any signature, for instance to see whose key to try.
 *
 * Fields that DSSE does not name are refused, though it would have them ignored: no signature covers them, and what
 * nobody reads could carry anything out of a gateway.
 *
 * @throws `ENVELOPE_MALFORMED`
 */
export function readEnvelope(envelope: Uint8Array): EnvelopeClaims {
  if (envelope.length > envelopeBytesMax) {
    throw malformed(`an envelope holds at most ${envelopeBytesMax} bytes`, {
      bytes: envelope.length,
    });
  }
  const json = parseObject(envelope);
  const { payload, payloadType: type, signatures, ...rest } = json;
  refuseMore(rest);
  if (typeof payload !== "string" || typeof type !== "string" || !Array.isArray(signatures)) {
    throw malformed("expected payload, payloadType and signatures");
  }
  if (signatures.length < 1 || signatures.length > envelopeSignaturesMax) {
    throw malformed(`expected 1 to ${envelopeSignaturesMax} signatures`);
  }
  return { payloadType: type, payload: decode(payload), signatures: signatures.map(readSignature) };
}

/**
 * Reads the JSON object that an opened payload must be.
 *
 * @throws `ENVELOPE_MALFORMED`
 */
export function parseObject(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  let json: unknown;
  try {
    json = JSON.parse(fromUtf8(bytes));
  } catch (cause) {
    throw malformed("expected JSON in UTF-8", {}, cause);
  }
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw malformed("expected a JSON object");
  }
  return { ...json };
}

function readSignature(entry: unknown): EnvelopeClaims["signatures"][number] {
  if (typeof entry !== "object" || entry === null || !("sig" in entry)) {
    throw malformed("expected each signature to be {keyid, sig}");
  }
  const { sig, keyid, ...rest }: { sig: unknown; keyid?: unknown } = entry;
  refuseMore(rest);
  if (typeof sig !== "string") throw malformed("expected sig to be base64");
  const signature = decode(sig);
  if (signature.length !== signatureBytes) {
    throw malformed(`expected a signature of ${signatureBytes} bytes`);
  }
  if (keyid === undefined) return { signature };
  if (!isSha256(keyid)) throw malformed("expected keyid to be 64 hexadecimal digits");
  return { keyId: keyid, signature };
}

function refuseMore(rest: object): void {
  const [field] = Object.keys(rest);
  if (field === undefined) return;
  throw malformed("an envelope has payload, payloadType and signatures, each with keyid and sig", {
    field: field.slice(0, 128),
  });
}

function decode(text: string): Uint8Array {
  try {
    return fromBase64(text);
  } catch (cause) {
    throw malformed("expected base64", {}, cause);
  }
}

function malformed(
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): EdgeloopError {
  return new EdgeloopError("ENVELOPE_MALFORMED", message, {
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}
