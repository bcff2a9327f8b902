import type { Name, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError, fromHex, sha256, toHex, utf8 } from "@edgeloop/core/platform";

import { fromBase64, toBase64 } from "./base64.ts";
import { openEnvelope, parseObject, readEnvelope, signEnvelope } from "./dsse.ts";
import type { EnrolmentClaims } from "./enrolment-messages.ts";
import {
  enrolmentNonceBytes,
  parseEnrolmentAnswer,
  parseEnrolmentRequest,
} from "./enrolment-messages.ts";
import type { EnrolmentRecord, EnrolmentToken } from "./enrolment-token.ts";
import { enrolmentRecord } from "./enrolment-token.ts";
import type { SigningKey, VerifyKey } from "./keys.ts";
import { importPublicKey } from "./keys.ts";

const requestKind = "enrolment-request";
const answerKind = "enrolment-answer";

/** A request on its way, and what its answer will be checked against. */
export type EnrolmentRequest = {
  readonly envelope: Uint8Array<ArrayBuffer>;
  readonly token: EnrolmentToken;
  readonly device: Name;
  readonly nonce: string;
};

/** Where a coordinator keeps its tokens; both calls are durable. */
export type EnrolmentLedger = {
  find(tokenId: string): Promise<EnrolmentRecord | undefined>;
  /**
   * Binds a token to one key, atomically, for good. The ledger of devices binds a key to one name, so that a token lets in
   * one device.
   *
   * @returns false when the token is bound to another key; true again for the same key, so that a device whose answer was
   * lost may ask twice.
   */
  redeem(tokenId: string, keyId: Sha256): Promise<boolean>;
};

/** A device that was let in, and the envelope to send back. */
export type Enrolment = {
  readonly device: Name;
  readonly fleet: Name;
  readonly key: VerifyKey;
  readonly answer: Uint8Array<ArrayBuffer>;
};

/** What a device takes home. */
export type EnrolmentResult = {
  readonly coordinatorKey: VerifyKey;
  /** Bytes of the TUF root to start from. */
  readonly root: Uint8Array<ArrayBuffer>;
};

/**
 * Asks to be let in: the device's new public key and a nonce, with a MAC by the token's secret over both.
 *
 * The envelope is signed by the new key, which proves that the device holds it.
 */
export async function requestEnrolment(
  token: EnrolmentToken,
  device: Name,
  key: SigningKey,
): Promise<EnrolmentRequest> {
  const { tokenId, macKey, fleet } = await enrolmentRecord(token);
  const nonce = toHex(globalThis.crypto.getRandomValues(new Uint8Array(enrolmentNonceBytes)));
  const claims = { tokenId, fleet, device, publicKey: toHex(key.raw), nonce };
  const mac = await globalThis.crypto.subtle.sign("HMAC", await hmacKey(macKey), macInput(claims));
  const message = { format: 1, ...claims, mac: toHex(new Uint8Array(mac)) };
  return { envelope: await signEnvelope(requestKind, message, key), token, device, nonce };
}

/** What a coordinator needs to let devices in. */
export type EnrolmentDesk = {
  readonly ledger: EnrolmentLedger;
  readonly key: SigningKey;
  /** Bytes of the TUF root that its tokens name. */
  readonly root: Uint8Array;
  readonly nowUs: number;
};

/**
 * Lets a device in, once per token: MAC, expiry, possession of the key, then the durable use of the token.
 *
 * @throws `ENROLMENT_REQUEST_INVALID`, `ENROLMENT_TOKEN_UNKNOWN`, `ENROLMENT_MAC_INVALID`, `ENROLMENT_TOKEN_EXPIRED`,
 * `ENROLMENT_TOKEN_USED`, `ENVELOPE_SIGNATURE_INVALID`
 */
export async function redeemEnrolment(
  envelope: Uint8Array,
  desk: EnrolmentDesk,
): Promise<Enrolment> {
  const { mac, ...claims } = parseEnrolmentRequest(parseObject(readEnvelope(envelope).payload));
  const record = await desk.ledger.find(claims.tokenId);
  if (!record) {
    throw failed("ENROLMENT_TOKEN_UNKNOWN", "this coordinator made no such token");
  }
  const isByToken = await globalThis.crypto.subtle.verify(
    "HMAC",
    await hmacKey(record.macKey),
    bytesOfHex(mac),
    macInput(claims),
  );
  if (!isByToken || claims.fleet !== record.fleet) {
    throw failed("ENROLMENT_MAC_INVALID", "the request was not made with the token's secret");
  }
  const key = await importPublicKey(bytesOfHex(claims.publicKey));
  await openEnvelope(envelope, requestKind, [key]);
  if (desk.nowUs >= record.expiresUs) {
    throw failed("ENROLMENT_TOKEN_EXPIRED", "the token has expired; make a new one");
  }
  if (!(await desk.ledger.redeem(record.tokenId, key.keyId))) {
    throw failed("ENROLMENT_TOKEN_USED", "another device used this token; make a new one");
  }
  const message = {
    format: 1,
    device: claims.device,
    deviceKeyId: key.keyId,
    nonce: claims.nonce,
    coordinatorKey: toHex(desk.key.raw),
    root: toBase64(desk.root),
  };
  const answer = await signEnvelope(answerKind, message, desk.key);
  return { device: claims.device, fleet: record.fleet, key, answer };
}

/**
 * Takes the coordinator's answer: only the key and the root that the token names are believed.
 *
 * @throws `ENROLMENT_KEY_MISMATCH`, `ENROLMENT_ROOT_MISMATCH`, `ENROLMENT_ANSWER_INVALID`, `ENVELOPE_SIGNATURE_INVALID`
 */
export async function acceptEnrolment(
  request: EnrolmentRequest,
  answer: Uint8Array,
): Promise<EnrolmentResult> {
  const said = parseEnrolmentAnswer(parseObject(readEnvelope(answer).payload));
  const { coordinatorKey, root, device, nonce } = said;
  const raw = bytesOfHex(coordinatorKey);
  if ((await sha256(raw)) !== request.token.coordinatorKeyId) {
    throw failed("ENROLMENT_KEY_MISMATCH", "the coordinator's key is not the one in the token");
  }
  const key = await importPublicKey(raw);
  await openEnvelope(answer, answerKind, [key]);
  if (device !== request.device || nonce !== request.nonce) {
    throw failed("ENROLMENT_ANSWER_INVALID", "the answer is to another request");
  }
  const rootBytes = decodeRoot(root);
  if ((await sha256(rootBytes)) !== request.token.rootSha256) {
    throw failed("ENROLMENT_ROOT_MISMATCH", "the update root is not the one in the token");
  }
  return { coordinatorKey: key, root: rootBytes };
}

// Every field has a fixed form without a newline, so the joined text has one reading.
const macInput = (claims: EnrolmentClaims): Uint8Array<ArrayBuffer> =>
  utf8(
    [
      "edgeloop-enrolment-v1",
      claims.tokenId,
      claims.fleet,
      claims.device,
      claims.publicKey,
      claims.nonce,
    ].join("\n"),
  );

// The schema has checked the digits.
const bytesOfHex = (hex: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(fromHex(hex) ?? new Uint8Array());

const hmacKey = (key: Uint8Array): Promise<CryptoKey> =>
  globalThis.crypto.subtle.importKey(
    "raw",
    Uint8Array.from(key),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign", "verify"],
  );

function decodeRoot(root: string): Uint8Array<ArrayBuffer> {
  try {
    return fromBase64(root);
  } catch (cause) {
    throw failed("ENROLMENT_ANSWER_INVALID", "expected the root in base64", cause);
  }
}

const failed = (code: string, message: string, cause?: unknown): EdgeloopError =>
  new EdgeloopError(code, message, cause === undefined ? {} : { cause });
