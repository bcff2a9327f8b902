import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { EnrolmentRecord } from "@edgeloop/cloud-sync";
import { createEnrolmentToken, generateKey, redeemEnrolment } from "@edgeloop/cloud-sync";
import { parseName, sha256, toWireError, utf8 } from "@edgeloop/core/platform";
import { expect, onTestFinished, test } from "vitest";
import { openIdentity } from "./enrolment.ts";

const [fleet, device] = [parseName("plant"), parseName("pump-1")];
const url = "http://127.0.0.1:9";
const nowUs = 1_000_000;

async function setUp({ tokenFleet = fleet, expiresUs = 2 * nowUs } = {}) {
  const directory = mkdtempSync(join(tmpdir(), "enrol-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const [key, root] = [await generateKey(), utf8("the root")];
  const { token, record } = await createEnrolmentToken({
    url,
    fleet: tokenFleet,
    expiresUs,
    rootSha256: await sha256(root),
    coordinatorKeyId: key.keyId,
  });
  const tokenFile = join(directory, "token");
  writeFileSync(tokenFile, token);
  const desk = deskOf(record);
  let requests = 0;
  const fetch = (async (target: string, init: { body: Uint8Array }) => {
    requests += 1;
    expect(target).toBe(`${url}/v1/enrolments`);
    try {
      const { answer } = await redeemEnrolment(init.body, { ledger: desk, key, root, nowUs });
      return new Response(Uint8Array.from(answer));
    } catch (error) {
      return new Response(JSON.stringify(toWireError(error)), { status: 403 });
    }
  }) as unknown as typeof globalThis.fetch;
  const ask = () =>
    openIdentity({
      directory,
      device,
      fleet,
      fetch,
      coordinator: { url, mqttUrl: "mqtt://127.0.0.1", tokenFile },
    });
  return { ask, directory, key, requests: () => requests, root, tokenFile };
}

function deskOf(record: EnrolmentRecord) {
  let usedBy: string | undefined;
  return {
    find: (tokenId: string) => Promise.resolve(tokenId === record.tokenId ? record : undefined),
    redeem: (_tokenId: string, keyId: string) => {
      usedBy ??= keyId;
      return Promise.resolve(usedBy === keyId);
    },
  };
}

test("a gateway enrols once; after that it needs neither token nor coordinator", async () => {
  const { ask, key, requests, root, tokenFile } = await setUp();
  const first = await ask();
  expect(first.coordinatorKey.keyId).toBe(key.keyId);
  expect(first.root).toEqual(root);
  rmSync(tokenFile);
  const again = await ask();
  expect(again.key.keyId).toBe(first.key.keyId);
  expect(requests()).toBe(1);
});

test("a power cut before the answer was stored does not use up the token", async () => {
  const { ask, directory, requests } = await setUp();
  const first = await ask();
  rmSync(join(directory, "enrolment.json"));
  expect((await ask()).key.keyId).toBe(first.key.keyId);
  expect(requests()).toBe(2);
});

test("the token's secret is in no request and in no file but its own", async () => {
  const { ask, directory, tokenFile } = await setUp();
  const token = JSON.parse(
    Buffer.from(readFileSync(tokenFile, "utf8").slice("edgeloop1.".length), "base64url").toString(),
  );
  await ask();
  for (const file of ["device.key", "enrolment.json"]) {
    expect(readFileSync(join(directory, file), "utf8")).not.toContain(token.secret);
  }
});

test("a damaged file falls back on the one before, and without one is refused by its code", async () => {
  const { ask, directory } = await setUp();
  await ask();
  writeFileSync(join(directory, "enrolment.json"), "0\n{}\n");
  await expect(ask()).rejects.toMatchObject({ code: "ENROLMENT_DAMAGED" });
});

test("what the coordinator refuses keeps its code", async () => {
  const { ask } = await setUp({ expiresUs: nowUs - 1 });
  await expect(ask()).rejects.toMatchObject({ code: "ENROLMENT_TOKEN_EXPIRED" });
});

test("a token of another fleet is not even sent", async () => {
  const { ask, requests } = await setUp({ tokenFleet: parseName("other") });
  await expect(ask()).rejects.toMatchObject({ code: "ENROLMENT_FLEET_MISMATCH" });
  expect(requests()).toBe(0);
});

test("without a token a gateway that is not enrolled says what to do", async () => {
  const { ask, tokenFile } = await setUp();
  rmSync(tokenFile);
  await expect(ask()).rejects.toMatchObject({ code: "ENROLMENT_TOKEN_MISSING" });
});
