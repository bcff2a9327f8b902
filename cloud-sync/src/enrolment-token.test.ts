import { hkdfSync } from "node:crypto";

import { parseName, parseSha256, utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";

import { toBase64Url } from "./base64.ts";
import { createEnrolmentToken, enrolmentRecord, parseEnrolmentToken } from "./enrolment-token.ts";

const options = {
  url: "https://fleet.example:8443",
  fleet: parseName("plant"),
  expiresUs: 1_800_000_000_000_000,
  rootSha256: parseSha256("a".repeat(64)),
  coordinatorKeyId: parseSha256("b".repeat(64)),
};

test("a token is one string that carries everything, line breaks around it aside", async () => {
  const { token } = await createEnrolmentToken(options);
  expect(token).toMatch(/^edgeloop1\.[A-Za-z0-9_-]+$/);
  expect(parseEnrolmentToken(`  ${token}\n`)).toMatchObject(options);
  expect(parseEnrolmentToken(token).secret).toHaveLength(16);
});

test("no two tokens share a secret", async () => {
  const [a, b] = await Promise.all([createEnrolmentToken(options), createEnrolmentToken(options)]);
  expect(a.record.tokenId).not.toBe(b.record.tokenId);
});

// node:crypto's own HKDF is the second opinion.
test("the coordinator's record derives from the secret and does not hold it", async () => {
  const { token, record } = await createEnrolmentToken(options);
  const { secret } = parseEnrolmentToken(token);
  const derive = (info: string, bytes: number): Buffer =>
    Buffer.from(hkdfSync("sha256", secret, "", info, bytes));
  expect(record.tokenId).toBe(derive("edgeloop enrolment token id", 16).toString("hex"));
  expect(Buffer.from(record.macKey)).toEqual(derive("edgeloop enrolment mac", 32));
  expect(await enrolmentRecord(parseEnrolmentToken(token))).toEqual(record);
});

test("a token for a plain-text address on another machine is neither made nor read", async () => {
  const plain = { ...options, url: "http://fleet.example" };
  await expect(createEnrolmentToken(plain)).rejects.toMatchObject({ code: "CONNECTION_INSECURE" });
  const { token } = await createEnrolmentToken({ ...options, url: "http://127.0.0.1:1" });
  const json = Buffer.from(token.slice(10), "base64url").toString();
  const rewritten = `edgeloop1.${toBase64Url(utf8(json.replace("127.0.0.1", "10.0.0.1")))}`;
  expect(() => parseEnrolmentToken(rewritten)).toThrow(
    expect.objectContaining({ code: "CONNECTION_INSECURE" }),
  );
});

test("a token cut at any character is refused with a code", async () => {
  const { token } = await createEnrolmentToken(options);
  for (let length = 0; length < token.length; length += 1) {
    expect(() => parseEnrolmentToken(token.slice(0, length))).toThrow(
      expect.objectContaining({ code: "ENROLMENT_TOKEN_INVALID" }),
    );
  }
});
