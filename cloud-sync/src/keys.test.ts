import { createHash } from "node:crypto";

import { fromHex, utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";

import { toBase64Url } from "./base64.ts";
import {
  exportKey,
  generateKey,
  importKey,
  importPublicKey,
  publicJwk,
  signBytes,
  verifyBytes,
} from "./keys.ts";

// RFC 8032 section 7.1, test 2.
const vector = {
  secret: "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
  public: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
  message: "72",
  signature:
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
};
const bytes = (hex: string): Uint8Array<ArrayBuffer> => {
  const read = fromHex(hex);
  if (!read) throw new Error(hex);
  return read;
};
const jwk = (secret: string, raw: string): unknown => ({
  kty: "OKP",
  crv: "Ed25519",
  x: toBase64Url(bytes(raw)),
  d: toBase64Url(bytes(secret)),
});

test("signing gives the RFC's signature, and it verifies", async () => {
  const key = await importKey(jwk(vector.secret, vector.public));
  const signature = await signBytes(key, bytes(vector.message));
  expect(Buffer.from(signature).toString("hex")).toBe(vector.signature);
  expect(await verifyBytes(key, bytes(vector.message), signature)).toBe(true);
});

test("a flipped bit anywhere in the signature is noticed", async () => {
  const key = await importPublicKey(bytes(vector.public));
  for (let bit = 0; bit < 512; bit += 1) {
    const signature = bytes(vector.signature);
    signature.set([(signature[bit >> 3] ?? 0) ^ (1 << (bit & 7))], bit >> 3);
    expect(await verifyBytes(key, bytes(vector.message), signature)).toBe(false);
  }
});

test("a signature of a wrong length is false, not an exception", async () => {
  const key = await generateKey();
  expect(await verifyBytes(key, utf8("x"), new Uint8Array(63))).toBe(false);
  expect(await verifyBytes(key, utf8("x"), new Uint8Array(0))).toBe(false);
});

test("the key id is the SHA-256 of the raw public key", async () => {
  const key = await importPublicKey(bytes(vector.public));
  expect(key.keyId).toBe(createHash("sha256").update(bytes(vector.public)).digest("hex"));
});

test("a key survives export and import, and the imported one no longer gives itself away", async () => {
  const key = await generateKey();
  const again = await importKey(await exportKey(key));
  expect(again.keyId).toBe(key.keyId);
  expect(await verifyBytes(key, utf8("x"), await signBytes(again, utf8("x")))).toBe(true);
  await expect(exportKey(again)).rejects.toThrow();
  expect((await importPublicKey(publicJwk(key))).keyId).toBe(key.keyId);
});

test.for<[string, unknown]>([
  ["nothing", undefined],
  ["another curve", { kty: "OKP", crv: "X25519", x: "AA", d: "AA" }],
  ["a short key", { kty: "OKP", crv: "Ed25519", x: "AA", d: "AA" }],
  ["bad base64", { kty: "OKP", crv: "Ed25519", x: "!", d: "AA" }],
  [
    "a private key with another's public key",
    jwk(vector.secret, "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"),
  ],
])("%s is refused", async ([, value]) => {
  await expect(importKey(value)).rejects.toMatchObject({ code: "KEY_INVALID" });
});
