import { createHash } from "node:crypto";

import { fromUtf8, toHex, utf8 } from "@edgeloop/core/platform";
import { beforeAll, expect, test } from "vitest";

import type { SigningKey } from "./keys.ts";
import { generateKey } from "./keys.ts";
import {
  checkContent,
  checkExpiry,
  checkSignatures,
  expiryUs,
  parseTargets,
  sha256OfTarget,
} from "./ota-metadata.ts";
import { signTargets } from "./ota-sign.ts";

const term = { version: 1, expiresUs: 1_800_000_000_000_000 };
let key: SigningKey;
let bytes: Uint8Array;
beforeAll(async () => {
  key = await generateKey();
  bytes = await signTargets({ targets: new Map() }, term, [key]);
});

test("metadata cut at any byte is refused with a code", () => {
  for (let length = 0; length < bytes.length; length += 1) {
    expect(() => parseTargets(bytes.slice(0, length))).toThrow(
      expect.objectContaining({ code: "OTA_METADATA_INVALID" }),
    );
  }
});

test.for<[string, (json: { signed: Record<string, unknown>; signatures: unknown }) => unknown]>([
  ["version 0", (json) => (json.signed["version"] = 0)],
  ["version 1.5", (json) => (json.signed["version"] = 1.5)],
  ["version 1e300", (json) => (json.signed["version"] = 1e300)],
  ["another role's type", (json) => (json.signed["_type"] = "root")],
  ["another major specification", (json) => (json.signed["spec_version"] = "2.0.0")],
  ["no expiry", (json) => delete json.signed["expires"]],
  ["an expiry that is no time", (json) => (json.signed["expires"] = "never")],
  ["no signatures", (json) => (json.signatures = undefined)],
])("metadata with %s is refused", ([, change]) => {
  const json = JSON.parse(fromUtf8(bytes));
  change(json);
  expect(() => parseTargets(utf8(JSON.stringify(json)))).toThrow(
    expect.objectContaining({ code: "OTA_METADATA_INVALID" }),
  );
});

test("one key under two ids is one signer", async () => {
  const metadata = parseTargets(bytes);
  const [signature] = Object.values(metadata.signatures);
  const twice = JSON.parse(fromUtf8(bytes));
  twice.signatures.push({ keyid: "alias", sig: signature?.sig });
  const tufKey = parseTargets(
    await signTargets(
      { targets: new Map(), delegations: [{ role: "r", paths: [], keys: [key] }] },
      term,
      [key],
    ),
  ).signed.delegations?.keys[key.keyId];
  if (!tufKey) throw new Error("no key");
  const alias = Object.assign(Object.create(Object.getPrototypeOf(tufKey)), tufKey, {
    keyID: "alias",
  });
  const by = { keys: { [key.keyId]: tufKey, alias }, keyIDs: [key.keyId, "alias"] };
  const signed = parseTargets(utf8(JSON.stringify(twice)));
  expect(() => checkSignatures("targets", signed, { ...by, threshold: 1 })).not.toThrow();
  const refusal = expect.objectContaining({ code: "OTA_SIGNATURE_INVALID" });
  expect(() => checkSignatures("targets", signed, { ...by, threshold: 2 })).toThrow(refusal);
  for (const threshold of [0, -1, Number.NaN, 0.5]) {
    expect(() => checkSignatures("targets", signed, { ...by, threshold })).toThrow(refusal);
  }
});

test("key ids that every object inherits are no keys", () => {
  const by = { keys: {}, keyIDs: ["constructor", "__proto__", "toString"], threshold: 1 };
  expect(() => checkSignatures("targets", parseTargets(bytes), by)).toThrow(
    expect.objectContaining({ code: "OTA_SIGNATURE_INVALID" }),
  );
});

test("metadata expires at its expiry, not after it", () => {
  const { signed } = parseTargets(bytes);
  expect(expiryUs(signed)).toBe(term.expiresUs);
  expect(() => checkExpiry("targets", signed, term.expiresUs - 1)).not.toThrow();
  expect(() => checkExpiry("targets", signed, term.expiresUs)).toThrow(
    expect.objectContaining({ code: "OTA_EXPIRED" }),
  );
});

test("length and every hash must agree; an unknown algorithm vouches for nothing", async () => {
  const content = utf8("content");
  const hash = (algorithm: string): string => createHash(algorithm).update(content).digest("hex");
  const info = { length: 7, hashes: { sha256: hash("sha256"), sha512: hash("sha512") } };
  await expect(checkContent("x", content, info)).resolves.toBeUndefined();
  await expect(checkContent("x", content, {})).resolves.toBeUndefined();
  const refusal = { code: "OTA_MISMATCH" };
  for (const wrong of [
    { ...info, length: 6 },
    { hashes: { ...info.hashes, sha512: toHex(new Uint8Array(64)) } },
    { hashes: { ...info.hashes, md5: hash("md5") } },
  ]) {
    await expect(checkContent("x", content, wrong)).rejects.toMatchObject(refusal);
  }
});

test("a target without SHA-256 is refused: bundles are named by it", async () => {
  const named = { bytes: 1, sha256: "0".repeat(64) as never };
  const signed = await signTargets({ targets: new Map([["a", named]]) }, term, [key]);
  const target = parseTargets(signed).signed.targets["a"];
  if (!target) throw new Error("no target");
  expect(sha256OfTarget(target)).toBe("0".repeat(64));
  delete target.hashes["sha256"];
  expect(() => sha256OfTarget(target)).toThrow(
    expect.objectContaining({ code: "OTA_METADATA_INVALID" }),
  );
});
