import { parseName, virtualClock } from "@edgeloop/core/platform";
import { SignJWT } from "jose";
import { beforeAll, expect, test } from "vitest";

import { jwtReplayGuard, mintJwt, verifyJwt } from "./jwt.ts";
import type { SigningKey } from "./keys.ts";
import { generateKey } from "./keys.ts";

const device = parseName("pump-1");
const audience = "edgeloop/plant";
const startUs = 1_800_000_000_000_000;
let key: SigningKey;
beforeAll(async () => {
  key = await generateKey();
});

const verify = (token: string, atUs = startUs): ReturnType<typeof verifyJwt> =>
  verifyJwt(token, {
    audience,
    clock: virtualClock(atUs),
    keyOf: (name) => Promise.resolve(name === device ? key : undefined),
  });
const mint = (changes: object = {}): Promise<string> =>
  mintJwt({ key, device, audience, clock: virtualClock(startUs), ...changes });

test("a minted token verifies for five minutes and the skew, and names its device", async () => {
  const token = await mint();
  expect(await verify(token)).toMatchObject({ device, expiresUs: startUs + 300_000_000 });
  expect(await verify(token, startUs + 359_000_000)).toMatchObject({ device });
  await expect(verify(token, startUs + 361_000_000)).rejects.toMatchObject({ code: "JWT_EXPIRED" });
});

test("a token from the future is taken within the skew only", async () => {
  const token = await mint();
  expect(await verify(token, startUs - 59_000_000)).toMatchObject({ device });
  await expect(verify(token, startUs - 61_000_000)).rejects.toMatchObject({ code: "JWT_EXPIRED" });
});

test("no two tokens share an id", async () => {
  const ids = await Promise.all(
    [mint(), mint()].map(async (token) => (await verify(await token)).id),
  );
  expect(new Set(ids).size).toBe(2);
});

test("another audience, another key and an unknown device are refused", async () => {
  await expect(verify(await mint({ audience: "edgeloop/other" }))).rejects.toMatchObject({
    code: "JWT_AUDIENCE_MISMATCH",
  });
  await expect(verify(await mint({ key: await generateKey() }))).rejects.toMatchObject({
    code: "JWT_SIGNATURE_INVALID",
  });
  await expect(verify(await mint({ device: parseName("pump-2") }))).rejects.toMatchObject({
    code: "JWT_DEVICE_UNKNOWN",
  });
});

test("nobody mints or presents a token that lives longer than five minutes", async () => {
  expect(() => mint({ lifetimeSeconds: 301 })).toThrow(
    expect.objectContaining({ code: "JWT_LIFETIME_EXCEEDED" }),
  );
  const seconds = startUs / 1_000_000;
  const long = await new SignJWT({})
    .setProtectedHeader({ alg: "EdDSA" })
    .setSubject(device)
    .setAudience(audience)
    .setJti("x")
    .setIssuedAt(seconds)
    .setExpirationTime(seconds + 301)
    .sign(key.privateKey);
  await expect(verify(long)).rejects.toMatchObject({ code: "JWT_LIFETIME_EXCEEDED" });
});

test("unsigned tokens and tokens signed with the public key as a shared secret are refused", async () => {
  const part = (json: object): string => Buffer.from(JSON.stringify(json)).toString("base64url");
  const body = part({ sub: device, aud: audience, jti: "x", iat: 1, exp: 2 });
  await expect(verify(`${part({ alg: "none" })}.${body}.`)).rejects.toMatchObject({
    code: "JWT_MALFORMED",
  });
  const shared = await new SignJWT({})
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(device)
    .sign(key.raw);
  await expect(verify(shared)).rejects.toMatchObject({ code: "JWT_MALFORMED" });
});

test("a token cut at any character is refused with a code", async () => {
  const token = await mint();
  for (let length = 0; length < token.length; length += 1) {
    await expect(verify(token.slice(0, length))).rejects.toMatchObject({
      code: expect.stringMatching(/^JWT_(?:MALFORMED|SIGNATURE_INVALID)$/),
    });
  }
  await expect(verify("x".repeat(3000))).rejects.toMatchObject({ code: "JWT_MALFORMED" });
});

test("a guard takes each token once, forgets expired ones and stays bounded", () => {
  const guard = jwtReplayGuard(2);
  const claims = (id: string, expiresUs: number) => ({ device, id, expiresUs });
  guard(claims("a", 100), 0);
  expect(() => guard(claims("a", 100), 0)).toThrow(
    expect.objectContaining({ code: "JWT_REPLAYED" }),
  );
  guard(claims("b", 100), 0);
  guard(claims("c", 100), 0);
  expect(() => guard(claims("c", 100), 0)).toThrow(
    expect.objectContaining({ code: "JWT_REPLAYED" }),
  );
  expect(() => guard(claims("a", 100), 0)).not.toThrow();
});
