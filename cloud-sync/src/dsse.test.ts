import { fromUtf8, utf8 } from "@edgeloop/core/platform";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";

import { toBase64, toBase64Url } from "./base64.ts";
import {
  envelopeBytesMax,
  openEnvelope,
  pae,
  parseObject,
  payloadType,
  readEnvelope,
  signEnvelope,
} from "./dsse.ts";
import type { SigningKey } from "./keys.ts";
import { generateKey, signBytes } from "./keys.ts";

let key: SigningKey;
let stranger: SigningKey;
let envelope: Uint8Array;
beforeAll(async () => {
  key = await generateKey();
  stranger = await generateKey();
  envelope = await signEnvelope("plan", { round: 7 }, key);
});

test("the encoding equals the specification's test vector (DSSE v1 protocol.md, Test Vectors)", () => {
  const encoded = pae("http://example.com/HelloWorld", utf8("hello world"));
  expect(fromUtf8(encoded)).toBe("DSSEv1 29 http://example.com/HelloWorld 11 hello world");
});

test("lengths count bytes, not characters", () => {
  expect(fromUtf8(pae("é", utf8("€")))).toBe("DSSEv1 2 é 3 €");
});

// The signature is the published one: ECDSA P-256 over SHA-256, so the encoding is checked end to end.
test("the specification's own signature covers our encoding", async () => {
  const x = 46950820868899156662930047687818585632848591499744589407958293238635476079160n;
  const y = 5640078356564379163099075877009565129882514886557779369047442380624545832820n;
  const coordinate = (n: bigint): string =>
    toBase64Url(Buffer.from(n.toString(16).padStart(64, "0"), "hex"));
  const publicKey = await crypto.subtle.importKey(
    "jwk",
    { kty: "EC", crv: "P-256", x: coordinate(x), y: coordinate(y) },
    { name: "ECDSA", namedCurve: "P-256" },
    false,
    ["verify"],
  );
  const {
    payload,
    payloadType: type,
    signatures,
  } = readEnvelope(
    utf8(
      '{"payload": "aGVsbG8gd29ybGQ=", "payloadType": "http://example.com/HelloWorld", "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUiHqJPcIAriEGAHTVeCUjW2JIZA=="}]}',
    ),
  );
  const signature = Uint8Array.from(signatures[0]?.signature ?? []);
  const signed = pae(type, payload);
  expect(
    await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, publicKey, signature, signed),
  ).toBe(true);
});

test("what was signed comes out, with the signer's id", async () => {
  const opened = await openEnvelope(envelope, "plan", [stranger, key]);
  expect(parseObject(opened.payload)).toEqual({ round: 7 });
  expect(opened.keyId).toBe(key.keyId);
});

test("bytes are signed as they are", async () => {
  const raw = utf8('{"b":1,\n "a":2}');
  const opened = await openEnvelope(await signEnvelope("x", raw, key), "x", [key]);
  expect(opened.payload).toEqual(raw);
});

test("a signed update does not pass as a plan, nor with its type rewritten", async () => {
  const update = await signEnvelope("update", { round: 7 }, key);
  await expect(openEnvelope(update, "plan", [key])).rejects.toMatchObject({
    code: "ENVELOPE_KIND_MISMATCH",
  });
  const rewritten = utf8(fromUtf8(update).replace(payloadType("update"), payloadType("plan")));
  await expect(openEnvelope(rewritten, "plan", [key])).rejects.toMatchObject({
    code: "ENVELOPE_SIGNATURE_INVALID",
  });
});

test("another key, no key and a borrowed key id are refused", async () => {
  const forged = utf8(
    JSON.stringify({
      payload: toBase64(utf8("{}")),
      payloadType: payloadType("plan"),
      signatures: [
        {
          keyid: key.keyId,
          sig: toBase64(await signBytes(stranger, pae(payloadType("plan"), utf8("{}")))),
        },
      ],
    }),
  );
  const refusal = { code: "ENVELOPE_SIGNATURE_INVALID" };
  await expect(openEnvelope(forged, "plan", [key])).rejects.toMatchObject(refusal);
  await expect(openEnvelope(envelope, "plan", [stranger])).rejects.toMatchObject(refusal);
  await expect(openEnvelope(envelope, "plan", [])).rejects.toMatchObject(refusal);
});

test("a payload that was replaced is refused", async () => {
  const swapped = utf8(
    JSON.stringify({ ...parseObject(envelope), payload: toBase64(utf8('{"round":8}')) }),
  );
  await expect(openEnvelope(swapped, "plan", [key])).rejects.toMatchObject({
    code: "ENVELOPE_SIGNATURE_INVALID",
  });
});

test("an envelope cut at any byte is malformed, never a crash", async () => {
  for (let length = 0; length < envelope.length; length += 1) {
    await expect(openEnvelope(envelope.slice(0, length), "plan", [key])).rejects.toMatchObject({
      code: "ENVELOPE_MALFORMED",
    });
  }
});

test("random JSON is refused with a code", async () => {
  await fc.assert(
    fc.asyncProperty(fc.json(), async (json) => {
      await expect(openEnvelope(utf8(json), "plan", [key])).rejects.toMatchObject({
        code: "ENVELOPE_MALFORMED",
      });
    }),
  );
});

const sig64 = toBase64(new Uint8Array(64));

test.for<[string, object]>([
  ["no signatures", { signatures: [] }],
  ["too many signatures", { signatures: Array.from({ length: 9 }, () => ({ sig: sig64 })) }],
  ["a signature that is no base64", { signatures: [{ sig: "!" }] }],
  ["a signature without sig", { signatures: [{}] }],
  ["a payload that is no base64", { payload: "!" }],
  ["a field that no signature covers", { samples: "AAAA" }],
  ["a field beside a signature", { signatures: [{ sig: sig64, samples: "AAAA" }] }],
  ["a signature of another length", { signatures: [{ sig: "AAAA".repeat(64) }] }],
  ["a key id that is none", { signatures: [{ sig: sig64, keyid: "c2FtcGxlcw" }] }],
])("%s is malformed", async ([, patch]) => {
  const patched = utf8(JSON.stringify({ ...parseObject(envelope), ...patch }));
  await expect(openEnvelope(patched, "plan", [key])).rejects.toMatchObject({
    code: "ENVELOPE_MALFORMED",
  });
});

test("size is bounded on both sides", async () => {
  const refusal = { code: "ENVELOPE_MALFORMED" };
  const large = new Uint8Array(envelopeBytesMax);
  await expect(signEnvelope("plan", large, key)).rejects.toMatchObject(refusal);
  const padded = new Uint8Array(envelopeBytesMax + 1).fill(32);
  await expect(openEnvelope(padded, "plan", [key])).rejects.toMatchObject(refusal);
});
