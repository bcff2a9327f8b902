import { sha256, utf8 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";

import { generateKey } from "./keys.ts";
import { parseRoot, parseSnapshot, parseTargets, parseTimestamp } from "./ota-metadata.ts";
import { signRoot, signSnapshot, signTargets, signTimestamp, targetsOf } from "./ota-sign.ts";

const term = { version: 3, expiresUs: 1_800_000_000_999_999 };

// 1_800_000_000 s after the epoch is 2027-01-15T08:00:00Z (date -u -d @1800000000). TUF 4.2.1: whole seconds.
test("expiry is written in whole seconds of UTC, rounded down", async () => {
  const key = await generateKey();
  const bytes = await signTargets({ targets: new Map() }, term, [key]);
  expect(parseTargets(bytes).signed).toMatchObject({ version: 3, expires: "2027-01-15T08:00:00Z" });
});

test("a root verifies itself and delegates the roles to the keys that it was given", async () => {
  const [offline, online] = await Promise.all([generateKey(), generateKey()]);
  const keys = { root: [offline], targets: [offline], snapshot: [online], timestamp: [online] };
  const root = parseRoot(await signRoot(keys, term, [offline]));
  expect(() => root.verifyDelegate("root", root)).not.toThrow();
  const targets = parseTargets(await signTargets({ targets: new Map() }, term, [offline]));
  expect(() => root.verifyDelegate("targets", targets)).not.toThrow();
  expect(() => root.verifyDelegate("snapshot", targets)).toThrow();
  const snapshot = parseSnapshot(await signSnapshot(new Map(), term, [online]));
  expect(() => root.verifyDelegate("snapshot", snapshot)).not.toThrow();
  expect(() => root.verifyDelegate("targets", snapshot)).toThrow();
});

test("a threshold asks for that many signers", async () => {
  const [one, two] = await Promise.all([generateKey(), generateKey()]);
  const both = {
    root: [one, two],
    targets: [one, two],
    snapshot: [one, two],
    timestamp: [one, two],
  };
  const sign = async (signers: Parameters<typeof signRoot>[2]) =>
    parseRoot(await signRoot({ ...both, threshold: 2 }, term, signers));
  const alone = await sign([one]);
  expect(() => alone.verifyDelegate("root", alone)).toThrow();
  const together = await sign([one, two]);
  expect(() => together.verifyDelegate("root", together)).not.toThrow();
});

test("targets and files come back as they were named", async () => {
  const key = await generateKey();
  const named = { bytes: 3, sha256: await sha256(utf8("abc")) };
  const targets = new Map([["rounds/pumps/1.json", named]]);
  const bytes = await signTargets({ targets }, term, [key]);
  expect(targetsOf(bytes)).toEqual(targets);
  const timestamp = parseTimestamp(await signTimestamp({ ...named, version: 7 }, term, [key]));
  expect(timestamp.signed.snapshotMeta).toMatchObject({
    version: 7,
    length: 3,
    hashes: { sha256: named.sha256 },
  });
});

test("a delegation names its role, its paths and its key, and ends the search", async () => {
  const [key, other] = await Promise.all([generateKey(), generateKey()]);
  const delegations = [{ role: "rounds-pumps", paths: ["rounds/pumps/*"], keys: [other] }];
  const bytes = await signTargets({ targets: new Map(), delegations }, term, [key]);
  const read = parseTargets(bytes).signed.delegations;
  expect([...(read?.rolesForTarget("rounds/pumps/4.json") ?? [])]).toEqual([
    { role: "rounds-pumps", terminating: true },
  ]);
  expect([...(read?.rolesForTarget("rounds/fans/4.json") ?? [])]).toEqual([]);
  expect([...(read?.rolesForTarget("rounds/pumps/a/4.json") ?? [])]).toEqual([]);
  expect(Object.keys(read?.keys ?? {})).toEqual([other.keyId]);
});
