export { fromBase64, toBase64, toBase64Url } from "./base64.ts";
export type { EnvelopeClaims, OpenedEnvelope } from "./dsse.ts";
export {
  envelopeBytesMax,
  openEnvelope,
  pae,
  parseObject,
  payloadType,
  readEnvelope,
  signEnvelope,
} from "./dsse.ts";
export type {
  Enrolment,
  EnrolmentDesk,
  EnrolmentLedger,
  EnrolmentRequest,
  EnrolmentResult,
} from "./enrolment.ts";
export { acceptEnrolment, redeemEnrolment, requestEnrolment } from "./enrolment.ts";
export type { EnrolmentRecord, EnrolmentToken } from "./enrolment-token.ts";
export { createEnrolmentToken, enrolmentRecord, parseEnrolmentToken } from "./enrolment-token.ts";
export type { EnrolmentErrorCode, TrustErrorCode } from "./errors.ts";
export type { JwtClaims, JwtOptions, JwtVerification } from "./jwt.ts";
export { jwtLifetimeSecondsMax, jwtReplayGuard, mintJwt, verifyJwt } from "./jwt.ts";
export type { PrivateJwk, PublicJwk, SigningKey, VerifyKey } from "./keys.ts";
export {
  exportKey,
  generateKey,
  importKey,
  importPublicKey,
  publicJwk,
  signBytes,
  verifyBytes,
} from "./keys.ts";
export { parseSecureUrl } from "./secure-url.ts";
