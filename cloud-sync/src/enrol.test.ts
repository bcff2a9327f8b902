import { codeOf, parseName, sha256, utf8 } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { enrol } from "./enrol.ts";
import { redeemEnrolment } from "./enrolment.ts";
import { createEnrolmentToken } from "./enrolment-token.ts";
import { generateKey } from "./keys.ts";
import { openLedger } from "./ledger.ts";

async function desk() {
  const [key, ledger] = [await generateKey(), await openLedger(memoryStore())];
  const root = utf8("root");
  const { token, record } = await createEnrolmentToken({
    url: "http://127.0.0.1:1",
    fleet: parseName("plant"),
    expiresUs: 100,
    rootSha256: await sha256(root),
    coordinatorKeyId: key.keyId,
  });
  await ledger.addToken(record);
  const answer: typeof globalThis.fetch = async (_input, init) => {
    const envelope = new Uint8Array(await new Response(init?.body ?? null).arrayBuffer());
    return redeemEnrolment(envelope, { ledger, key, root, nowUs: 5 }).then(
      ({ answer: body }) => new Response(body),
      (error: unknown) =>
        new Response(JSON.stringify({ code: codeOf(error), message: "no" }), { status: 403 }),
    );
  };
  return { token, key, root, answer };
}
const device = parseName("pump-1");

test("a device takes home the key and the root that its token names", async () => {
  const { token, key, root, answer } = await desk();
  const enrolled = await enrol({ token, device, key: await generateKey(), fetch: answer });
  expect(enrolled.coordinatorKey.keyId).toBe(key.keyId);
  expect([enrolled.root, enrolled.fleet, enrolled.url]).toEqual([
    root,
    "plant",
    "http://127.0.0.1:1",
  ]);
});

test("the same key may ask again, another one may not", async () => {
  const { token, answer } = await desk();
  const key = await generateKey();
  await enrol({ token, device, key, fetch: answer });
  await enrol({ token, device, key, fetch: answer });
  const other = enrol({ token, device, key: await generateKey(), fetch: answer });
  expect(await other.then(() => "IN", codeOf)).toBe("ENROLMENT_TOKEN_USED");
});

test("whoever answers without the coordinator's key is not believed", async () => {
  const { token } = await desk();
  const impostor = await desk();
  const key = await generateKey();
  const other = enrol({ token: impostor.token, device, key, fetch: impostor.answer });
  await other;
  const fooled = enrol({
    token,
    device,
    key,
    fetch: async () => {
      const { answer } = impostor;
      return await answer("", { body: new Uint8Array() });
    },
  });
  expect(await fooled.then(() => "IN", codeOf)).not.toBe("IN");
  const page = enrol({
    token,
    device,
    key,
    fetch: () => Promise.resolve(new Response("<h1>", { status: 502 })),
  });
  expect(await page.then(() => "IN", codeOf)).toBe("ENROLMENT_UNREACHABLE");
});
