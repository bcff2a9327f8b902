import type { Clock, Name } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, isName } from "@edgeloop/core/platform";
import { decodeJwt, jwtVerify, SignJWT } from "jose";

import { toBase64Url } from "./base64.ts";
import type { SigningKey, VerifyKey } from "./keys.ts";

/** How long a device's token lives: long enough for a slow link, too short to be worth stealing. */
export const jwtLifetimeSecondsMax = 300;

/** How far the clocks of a device and the coordinator may differ. */
export const jwtSkewSecondsMax = 60;

/** Characters of a token that are looked at: ours have about 330. */
export const jwtCharactersMax = 2048;

/** Mints a token for one device. */
export type JwtOptions = {
  readonly key: SigningKey;
  readonly device: Name;
  /** Who shall accept it: `edgeloop/<fleet>`. */
  readonly audience: string;
  readonly clock: Clock;
  readonly lifetimeSeconds?: number;
};

/** What a verified token says. */
export type JwtClaims = {
  readonly device: Name;
  /** A nonce: no two tokens share it. */
  readonly id: string;
  readonly expiresUs: number;
};

/** How a coordinator verifies. */
export type JwtVerification = {
  readonly audience: string;
  readonly clock: Clock;
  /** The key that the device enrolled; `undefined` for an unknown or revoked one. */
  readonly keyOf: (device: Name) => Promise<VerifyKey | undefined>;
};

/**
 * Mints the EdDSA JWT that a device sends as HTTP `Authorization: Bearer` and as MQTT password.
 *
 * @throws `JWT_LIFETIME_EXCEEDED` above `jwtLifetimeSecondsMax`.
 */
export function mintJwt(options: JwtOptions): Promise<string> {
  const lifetimeSeconds = options.lifetimeSeconds ?? jwtLifetimeSecondsMax;
  if (!(lifetimeSeconds > 0 && lifetimeSeconds <= jwtLifetimeSecondsMax)) {
    throw failed("JWT_LIFETIME_EXCEEDED", `a token lives 1 to ${jwtLifetimeSecondsMax} seconds`);
  }
  const nowSeconds = Math.floor(options.clock.nowUs() / 1_000_000);
  return new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA", kid: options.key.keyId })
    .setSubject(options.device)
    .setAudience(options.audience)
    .setIssuedAt(nowSeconds)
    .setExpirationTime(nowSeconds + lifetimeSeconds)
    .setJti(toBase64Url(globalThis.crypto.getRandomValues(new Uint8Array(16))))
    .sign(options.key.privateKey);
}

/**
 * Verifies a device's token: key of the claimed device, signature, audience, lifetime.
 *
 * @throws `JWT_MALFORMED`, `JWT_DEVICE_UNKNOWN`, `JWT_SIGNATURE_INVALID`, `JWT_AUDIENCE_MISMATCH`, `JWT_EXPIRED` (also a token
 * from the future), `JWT_LIFETIME_EXCEEDED`
 */
export async function verifyJwt(token: string, options: JwtVerification): Promise<JwtClaims> {
  const device = claimedDevice(token);
  const key = await options.keyOf(device);
  if (!key) {
    throw failed("JWT_DEVICE_UNKNOWN", "the device is not enrolled or was revoked; enrol it", {
      device,
    });
  }
  const nowUs = options.clock.nowUs();
  const payload = await verified(token, key, { audience: options.audience, nowUs });
  const { jti, iat, exp } = payload;
  if (typeof jti !== "string" || typeof iat !== "number" || typeof exp !== "number") {
    throw failed("JWT_MALFORMED", "expected jti, iat and exp");
  }
  if (exp - iat > jwtLifetimeSecondsMax) {
    throw failed("JWT_LIFETIME_EXCEEDED", `a token lives at most ${jwtLifetimeSecondsMax} seconds`);
  }
  // jose compares exp and nbf with the clock, but takes any iat: without this a device could mint tokens for next year.
  if (iat * 1_000_000 > nowUs + jwtSkewSecondsMax * 1_000_000) {
    throw failed("JWT_EXPIRED", "the token is from the future; set the device's clock", { device });
  }
  return { device, id: jti, expiresUs: exp * 1_000_000 };
}

/**
 * Remembers token ids until they expire, for requests that may be made once.
 *
 * @param capacity Ids held at most; the oldest leave first.
 */
export function jwtReplayGuard(capacity = 65_536): (claims: JwtClaims, nowUs: number) => void {
  const seen = new Map<string, number>();
  return (claims, nowUs) => {
    for (const [id, expiresUs] of seen) {
      if (expiresUs + jwtSkewSecondsMax * 1_000_000 >= nowUs && seen.size < capacity) break;
      seen.delete(id);
    }
    const id = `${claims.device}/${claims.id}`;
    if (seen.has(id)) throw failed("JWT_REPLAYED", "the token was used before; mint a new one");
    seen.set(id, claims.expiresUs);
  };
}

function claimedDevice(token: string): Name {
  if (token.length > jwtCharactersMax) {
    throw failed("JWT_MALFORMED", `a token has at most ${jwtCharactersMax} characters`);
  }
  let subject: unknown;
  try {
    subject = decodeJwt(token).sub;
  } catch (cause) {
    throw failed("JWT_MALFORMED", "expected a JWT in compact form", {}, cause);
  }
  if (isName(subject)) return subject;
  throw failed("JWT_MALFORMED", "expected the device's name as subject");
}

async function verified(
  token: string,
  key: VerifyKey,
  { audience, nowUs }: { readonly audience: string; readonly nowUs: number },
): Promise<Readonly<Record<string, unknown>>> {
  try {
    const { payload } = await jwtVerify(token, key.publicKey, {
      algorithms: ["EdDSA"],
      audience,
      clockTolerance: jwtSkewSecondsMax,
      currentDate: instant(nowUs),
      requiredClaims: ["sub", "aud", "iat", "exp", "jti"],
    });
    return payload;
  } catch (cause) {
    throw failed(...translate(cause), {}, cause);
  }
}

// jose takes a Date; the clock stays an argument.
const instant = (nowUs: number) => new globalThis.Date(nowUs / 1000);

function translate(cause: unknown): [code: string, message: string] {
  switch (codeOf(cause)) {
    case "ERR_JWT_EXPIRED":
      return ["JWT_EXPIRED", "the token has expired; mint a new one, or set the device's clock"];
    case "ERR_JWS_SIGNATURE_VERIFICATION_FAILED":
      return ["JWT_SIGNATURE_INVALID", "the token is not signed by the enrolled key"];
    case "ERR_JWT_CLAIM_VALIDATION_FAILED":
      return isAudience(cause)
        ? ["JWT_AUDIENCE_MISMATCH", "the token is for another fleet or coordinator"]
        : ["JWT_MALFORMED", "a claim is missing or of a wrong form"];
    default:
      return ["JWT_MALFORMED", "expected an EdDSA JWT"];
  }
}

const isAudience = (cause: unknown): boolean =>
  typeof cause === "object" && cause !== null && "claim" in cause && cause.claim === "aud";

function failed(
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): EdgeloopError {
  return new EdgeloopError(code, message, {
    details,
    ...(cause === undefined ? {} : { cause }),
  });
}
