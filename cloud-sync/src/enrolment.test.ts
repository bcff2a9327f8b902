import type { Sha256 } from "@edgeloop/core/platform";
import { fromUtf8, parseName, sha256, utf8 } from "@edgeloop/core/platform";
import { beforeEach, expect, test } from "vitest";

import { parseObject, readEnvelope, signEnvelope } from "./dsse.ts";
import type { EnrolmentDesk, EnrolmentLedger, EnrolmentRequest } from "./enrolment.ts";
import { acceptEnrolment, redeemEnrolment, requestEnrolment } from "./enrolment.ts";
import type { EnrolmentRecord } from "./enrolment-token.ts";
import { createEnrolmentToken, parseEnrolmentToken } from "./enrolment-token.ts";
import type { SigningKey } from "./keys.ts";
import { generateKey } from "./keys.ts";

const fleet = parseName("plant");
const device = parseName("pump-1");
const root = utf8('{"signed":{}}');
const nowUs = 1_800_000_000_000_000;

let coordinator: SigningKey;
let key: SigningKey;
let desk: EnrolmentDesk;
let token: string;
beforeEach(async () => {
  coordinator = await generateKey();
  key = await generateKey();
  const made = await createEnrolmentToken({
    url: "https://fleet.example",
    fleet,
    expiresUs: nowUs + 1,
    rootSha256: await sha256(root),
    coordinatorKeyId: coordinator.keyId,
  });
  token = made.token;
  desk = { ledger: memoryLedger([made.record]), key: coordinator, root, nowUs };
});

function memoryLedger(records: readonly EnrolmentRecord[]): EnrolmentLedger {
  const used = new Map<string, Sha256>();
  return {
    find: (tokenId) => Promise.resolve(records.find((record) => record.tokenId === tokenId)),
    redeem(tokenId, keyId) {
      used.set(tokenId, used.get(tokenId) ?? keyId);
      return Promise.resolve(used.get(tokenId) === keyId);
    },
  };
}

const ask = (by: SigningKey = key): Promise<EnrolmentRequest> =>
  requestEnrolment(parseEnrolmentToken(token), device, by);

/** The request with some of its claims replaced, signed again by whoever replaces them. */
async function altered(changes: object, by: SigningKey = key): Promise<Uint8Array> {
  const claims = parseObject(readEnvelope((await ask()).envelope).payload);
  return await signEnvelope(
    "enrolment-request",
    utf8(JSON.stringify({ ...claims, ...changes })),
    by,
  );
}

test("a device is let in and takes home the key and the root that its token names", async () => {
  const request = await ask();
  const enrolment = await redeemEnrolment(request.envelope, desk);
  expect(enrolment).toMatchObject({ device, fleet, key: { keyId: key.keyId } });
  const result = await acceptEnrolment(request, enrolment.answer);
  expect(result.coordinatorKey.keyId).toBe(coordinator.keyId);
  expect(result.root).toEqual(root);
});

test("the secret never crosses the wire", async () => {
  const { secret } = parseEnrolmentToken(token);
  const { envelope } = await ask();
  const text = fromUtf8(envelope) + fromUtf8(readEnvelope(envelope).payload);
  for (const form of ["hex", "base64", "base64url"] as const) {
    expect(text).not.toContain(Buffer.from(secret).toString(form));
  }
});

test("a token works once; the same device may ask again when its answer was lost", async () => {
  const first = await ask();
  await redeemEnrolment(first.envelope, desk);
  expect(await redeemEnrolment(first.envelope, desk)).toMatchObject({ device });
  expect(await redeemEnrolment((await ask()).envelope, desk)).toMatchObject({ device });
  const other = await ask(await generateKey());
  await expect(redeemEnrolment(other.envelope, desk)).rejects.toMatchObject({
    code: "ENROLMENT_TOKEN_USED",
  });
});

test("a token does not work from its expiry on, nor at another coordinator", async () => {
  const { envelope } = await ask();
  await expect(redeemEnrolment(envelope, { ...desk, nowUs: nowUs + 1 })).rejects.toMatchObject({
    code: "ENROLMENT_TOKEN_EXPIRED",
  });
  await expect(
    redeemEnrolment(envelope, { ...desk, ledger: memoryLedger([]) }),
  ).rejects.toMatchObject({ code: "ENROLMENT_TOKEN_UNKNOWN" });
});

test("whoever listens in cannot put another key, name or fleet into a request", async () => {
  const thief = await generateKey();
  const stolen = Buffer.from(thief.raw).toString("hex");
  const refusal = { code: "ENROLMENT_MAC_INVALID" };
  for (const changes of [
    { publicKey: stolen },
    { device: "pump-2" },
    { fleet: "other" },
    { nonce: "0".repeat(32) },
    { mac: "0".repeat(64) },
  ]) {
    await expect(redeemEnrolment(await altered(changes, thief), desk)).rejects.toMatchObject(
      refusal,
    );
  }
});

test("a key that the sender does not hold is not enrolled", async () => {
  const envelope = await altered({}, await generateKey());
  await expect(redeemEnrolment(envelope, desk)).rejects.toMatchObject({
    code: "ENVELOPE_SIGNATURE_INVALID",
  });
});

test.for<[string, object]>([
  ["a higher format", { format: 2 }],
  ["a device name with a slash", { device: "a/b" }],
  ["a short public key", { publicKey: "00" }],
  ["an upper-case nonce", { nonce: "A".repeat(32) }],
  ["a MAC that is no text", { mac: 1 }],
  ["a field that no MAC covers", { samples: "AAAAgD8AAABA" }],
])("%s is refused", async ([, changes]) => {
  await expect(redeemEnrolment(await altered(changes), desk)).rejects.toMatchObject({
    code: "ENROLMENT_REQUEST_INVALID",
  });
});

test("a refused request leaves the token unused", async () => {
  await expect(redeemEnrolment(await altered({ device: "x" }), desk)).rejects.toThrow();
  expect(await redeemEnrolment((await ask()).envelope, desk)).toMatchObject({ device });
});

test("an impostor's answer is refused: other key, other root, other request", async () => {
  const request = await ask();
  const impostor = await generateKey();
  const answerOf = async (changes: Partial<EnrolmentDesk>): Promise<Uint8Array> =>
    (await redeemEnrolment(request.envelope, { ...desk, ...changes })).answer;
  await expect(acceptEnrolment(request, await answerOf({ key: impostor }))).rejects.toMatchObject({
    code: "ENROLMENT_KEY_MISMATCH",
  });
  await expect(
    acceptEnrolment(request, await answerOf({ root: utf8("{}") })),
  ).rejects.toMatchObject({ code: "ENROLMENT_ROOT_MISMATCH" });
  const again = await ask();
  await expect(acceptEnrolment(again, await answerOf({}))).rejects.toMatchObject({
    code: "ENROLMENT_ANSWER_INVALID",
  });
});

test("an answer that claims the coordinator's key without its signature is refused", async () => {
  const request = await ask();
  const { answer } = await redeemEnrolment(request.envelope, desk);
  const payload = readEnvelope(answer).payload;
  const forged = await signEnvelope("enrolment-answer", payload, await generateKey());
  await expect(acceptEnrolment(request, forged)).rejects.toMatchObject({
    code: "ENVELOPE_SIGNATURE_INVALID",
  });
});
