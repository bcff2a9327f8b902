import { parseName, parseSha256 } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";
import { expect, test } from "vitest";
import { generateKey } from "./keys.ts";
import { openLedger } from "./ledger.ts";

const [a, b] = [parseName("pump-a"), parseName("pump-b")];

test("a device keeps its name and key, and a revoked one never comes back", async () => {
  const ledger = await openLedger(memoryStore());
  const [key, other] = await Promise.all([generateKey(), generateKey()]);
  await ledger.addDevice(a, key, 5);
  await ledger.addDevice(a, key, 9);
  await expect(ledger.addDevice(a, other, 9)).rejects.toMatchObject({ code: "DEVICE_NAME_TAKEN" });
  expect((await ledger.keyOf(a))?.keyId).toBe(key.keyId);
  expect(await ledger.keyOf(b)).toBeUndefined();
  expect(await ledger.devices()).toEqual([{ device: a, publicKey: key.raw, enrolledUs: 5 }]);
  expect([await ledger.revoke(a, "stolen", 7), await ledger.revoke(b, "stolen", 7)]).toEqual([
    true,
    false,
  ]);
  await ledger.revoke(a, "again", 8);
  expect((await ledger.device(a))?.revoked).toEqual({ atUs: 7, reason: "stolen" });
  await expect(ledger.keyOf(a)).rejects.toMatchObject({ code: "DEVICE_REVOKED" });
  await expect(ledger.addDevice(a, key, 9)).rejects.toMatchObject({ code: "DEVICE_REVOKED" });
});

test("a key is one device's for good, also when that one was revoked", async () => {
  const ledger = await openLedger(memoryStore());
  const key = await generateKey();
  await ledger.addDevice(a, key, 5);
  await expect(ledger.addDevice(b, key, 6)).rejects.toMatchObject({ code: "DEVICE_KEY_TAKEN" });
  await ledger.revoke(a, "stolen", 7);
  await expect(ledger.addDevice(b, key, 8)).rejects.toMatchObject({ code: "DEVICE_KEY_TAKEN" });
  expect((await ledger.deviceWith(key.raw))?.device).toBe(a);
  expect((await ledger.devices()).map(({ device }) => device)).toEqual([a]);
});

test("a token is bound to the first key that redeems it", async () => {
  const ledger = await openLedger(memoryStore());
  const record = { tokenId: "ab", macKey: Uint8Array.of(1, 2), fleet: a, expiresUs: 99 };
  await ledger.addToken(record);
  expect(await ledger.find("ab")).toEqual(record);
  expect(await ledger.find("cd")).toBeUndefined();
  const [first, second] = ["1", "2"].map((digit) => parseSha256(digit.repeat(64)));
  expect(await ledger.redeem("ab", first!)).toBe(true);
  expect(await ledger.redeem("ab", first!)).toBe(true);
  expect(await ledger.redeem("ab", second!)).toBe(false);
  expect(await ledger.redeem("cd", first!)).toBe(false);
});

test("an event that arrives twice counts once", async () => {
  const ledger = await openLedger(memoryStore());
  const event = {
    format: 1,
    fleet: parseName("plant"),
    device: a,
    sequence: 1,
    code: "DRIFT_DETECTED",
    sensorUs: 1_700_000_000_000_000,
    counters: { [b]: 2 },
  } as const;
  expect(await ledger.addEvent(event, 1)).toBe(true);
  expect(await ledger.addEvent(event, 2)).toBe(false);
  expect(await ledger.addEvent({ ...event, device: b }, 2)).toBe(true);
  expect(await ledger.eventsOf(a, 10)).toMatchObject([{ sequence: 1, counters: { [b]: 2 } }]);
});

test("releases are listed by line, oldest first", async () => {
  const ledger = await openLedger(memoryStore());
  const release = (version: number) => ({
    manifest: parseSha256(String(version).repeat(64)),
    line: a,
    version,
    target: `rounds/${a}/${version}.json`,
    rollout: parseName(`r${version}`),
  });
  await ledger.addRelease({ ...release(2), campaign: b }, 1);
  await ledger.addRelease(release(1), 2);
  await ledger.addRelease(release(1), 3);
  expect(await ledger.releases(a)).toEqual([release(1), { ...release(2), campaign: b }]);
  expect(await ledger.releases(b)).toEqual([]);
});

test("a ledger of a later format is refused", async () => {
  const store = memoryStore();
  await openLedger(store);
  await openLedger(store);
  await store.commit([{ sql: "INSERT INTO ledger (format) VALUES (2)" }]);
  await expect(openLedger(store)).rejects.toMatchObject({ code: "FORMAT_UNSUPPORTED" });
});
