import type { Name, Sha256 } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import { z } from "zod";
import { envelopeBytesMax } from "./dsse.ts";
import { wire } from "./wire-schema.ts";

/** Bytes of the number that binds an answer to its request. */
export const enrolmentNonceBytes = 16;

/** What a device says about itself; the MAC by the token's secret covers all of it. */
export type EnrolmentClaims = {
  readonly tokenId: string;
  readonly fleet: Name;
  readonly device: Name;
  /** The device's new Ed25519 key, hex. */
  readonly publicKey: string;
  readonly nonce: string;
};

/** Asks to be let in; signed by the device's new key. */
export type EnrolmentRequestMessage = EnrolmentClaims & {
  readonly format: 1;
  readonly mac: string;
};

/** Lets a device in; signed by the coordinator's key. */
export type EnrolmentAnswerMessage = {
  readonly format: 1;
  readonly device: Name;
  readonly deviceKeyId: Sha256;
  readonly nonce: string;
  /** The coordinator's Ed25519 key, hex. */
  readonly coordinatorKey: string;
  /** The TUF root, base64. */
  readonly root: string;
};

const hex = (bytes: number): z.ZodString =>
  z.string().regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `${bytes} bytes in hex`);

// Strict: an unknown field would be neither under the MAC nor looked at, and could carry anything.
const requestSchema = z.strictObject({
  format: wire.format,
  tokenId: hex(16),
  fleet: wire.name,
  device: wire.name,
  publicKey: hex(32),
  nonce: hex(enrolmentNonceBytes),
  mac: hex(32),
}) satisfies z.ZodType<EnrolmentRequestMessage>;

const answerSchema = z.strictObject({
  format: wire.format,
  device: wire.name,
  deviceKeyId: wire.sha256,
  nonce: hex(enrolmentNonceBytes),
  coordinatorKey: hex(32),
  root: z.string().max(envelopeBytesMax),
}) satisfies z.ZodType<EnrolmentAnswerMessage>;

/** Parses a request to be let in. @throws `ENROLMENT_REQUEST_INVALID` naming the field */
export const parseEnrolmentRequest = (value: unknown): EnrolmentRequestMessage =>
  parsed("ENROLMENT_REQUEST_INVALID", requestSchema, value);

/** Parses the answer to it. @throws `ENROLMENT_ANSWER_INVALID` naming the field */
export const parseEnrolmentAnswer = (value: unknown): EnrolmentAnswerMessage =>
  parsed("ENROLMENT_ANSWER_INVALID", answerSchema, value);

function parsed<T>(code: string, schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  const field = issue?.path.join(".") ?? "";
  throw new EdgeloopError(code, `${field === "" ? "" : `${field}: `}${issue?.message}`, {
    details: { field },
    cause: result.error,
  });
}
