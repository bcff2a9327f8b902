import type { Manifest } from "@edgeloop/core/bundle";
import type { Sha256 } from "@edgeloop/core/platform";
import { parseName, parseSha256 } from "@edgeloop/core/platform";
import { expect, test } from "vitest";

import type { AcceptedBundle, Ancestry, SignedBundle } from "./ota-chain.ts";
import { acceptBundle, chainLengthMax } from "./ota-chain.ts";
import type { Line } from "./ota-line.ts";
import { lineOf } from "./ota-line.ts";

const line = parseName("pumps");
const id = (index: number): Sha256 => parseSha256(index.toString(16).padStart(64, "0"));
const blob = { sha256: id(999), bytes: 10 };

/** Version n has identity n; its parent is the one before. Version 1 is a release. */
function bundle(version: number, changes: Partial<Manifest> = {}): SignedBundle {
  const manifest: Manifest = {
    format: 1,
    line,
    version,
    parent: version === 1 ? null : id(version - 1),
    float: { graph: blob, tensors: {} },
    int8: { graph: blob, tensors: {} },
    classes: ["a"],
    pipeline: {
      window: { rateHz: 1, lengthSamples: 1, hopSamples: 1 },
      channels: [{ name: "x", unit: "1" }],
      features: [],
    },
    golden: { windows: blob, expected: blob, count: 1, tolerance: { float: 0, int8: 0 } },
    metrics: {},
    profile: blob,
    constraints: { bundleBytesMax: 4096, latencyP99MsMax: 25 },
    lineage: { problem: id(1), data: [], seed: 1, code: "0", rounds: [] },
    ...changes,
  };
  return { manifest, sha256: id(version), kind: version === 1 ? "release" : "round" };
}

const rules = (changes: Partial<Line> = {}): Line => ({
  ...lineOf(bundle(1).manifest, { parents: [], approve: "automatic" }),
  ...changes,
});
const none: Ancestry = { known: () => undefined, lookup: () => Promise.resolve(undefined) };
const offering = (bundles: readonly SignedBundle[]): Ancestry => ({
  known: () => undefined,
  lookup: (sha256) => Promise.resolve(bundles.find((other) => other.sha256 === sha256)),
});
const accepted = (version: number, origin = id(1)): AcceptedBundle => ({
  sha256: id(version),
  line,
  version,
  origin,
});

test("a release is accepted by the offline signature and its line alone", async () => {
  expect(await acceptBundle(bundle(1), rules(), none)).toEqual([accepted(1)]);
  const later = bundle(1, { version: 5, parent: id(77) });
  expect(await acceptBundle(later, rules(), none)).toHaveLength(1);
});

test("a round follows a parent that was accepted", async () => {
  const known = (sha256: Sha256) => (sha256 === id(4) ? accepted(4) : undefined);
  expect(await acceptBundle(bundle(5), rules(), { ...none, known })).toEqual([accepted(5)]);
});

test("a gateway that joins late accepts the whole chain, oldest first", async () => {
  const chain = [1, 2, 3, 4].map((version) => bundle(version));
  expect(await acceptBundle(bundle(5), rules(), offering(chain))).toEqual(
    [1, 2, 3, 4, 5].map((version) => accepted(version)),
  );
});

test("a round whose chain ends nowhere is refused", async () => {
  const refusal = { code: "PARENT_UNKNOWN" };
  await expect(acceptBundle(bundle(5), rules(), none)).rejects.toMatchObject(refusal);
  const gap = offering([1, 2, 4].map((version) => bundle(version)));
  await expect(acceptBundle(bundle(5), rules(), gap)).rejects.toMatchObject(refusal);
  const orphan = bundle(5, { parent: null });
  await expect(acceptBundle(orphan, rules(), none)).rejects.toMatchObject(refusal);
});

test("a parent of another line is none", async () => {
  const known = () => ({ ...accepted(4), line: parseName("fans") });
  await expect(acceptBundle(bundle(5), rules(), { ...none, known })).rejects.toMatchObject({
    code: "PARENT_UNKNOWN",
  });
});

test("a line may name the releases that rounds build on", async () => {
  const chain = offering([bundle(1)]);
  expect(await acceptBundle(bundle(2), rules({ parents: [id(1)] }), chain)).toHaveLength(2);
  await expect(acceptBundle(bundle(2), rules({ parents: [id(7)] }), chain)).rejects.toMatchObject({
    code: "PARENT_UNKNOWN",
  });
});

test("a line that asks for an operator takes no round", async () => {
  const line1 = rules({ approve: "operator" });
  await expect(acceptBundle(bundle(2), line1, offering([bundle(1)]))).rejects.toMatchObject({
    code: "LINE_APPROVAL_REQUIRED",
  });
  expect(await acceptBundle(bundle(1), line1, none)).toHaveLength(1);
});

test("a version that does not grow is a downgrade", async () => {
  const known = () => accepted(5, id(1));
  const stale = { ...bundle(5, { parent: id(5) }), sha256: id(6) };
  await expect(acceptBundle(stale, rules(), { ...none, known })).rejects.toMatchObject({
    code: "OTA_ROLLBACK",
  });
});

test("a chain that goes in circles or has no end is cut", async () => {
  const circle = offering([bundle(2, { parent: id(3) }), bundle(3)]);
  await expect(acceptBundle(bundle(3), rules(), circle)).rejects.toMatchObject({
    code: "PARENT_UNKNOWN",
  });
  let looked = 0;
  const endless: Ancestry = {
    known: () => undefined,
    lookup: (sha256) => {
      looked += 1;
      return Promise.resolve({
        ...bundle(2),
        sha256,
        manifest: bundle(2, { parent: id(looked) }).manifest,
      });
    },
  };
  await expect(acceptBundle(bundle(9), rules(), endless)).rejects.toMatchObject({
    code: "PARENT_UNKNOWN",
  });
  expect(looked).toBeLessThan(chainLengthMax);
});
