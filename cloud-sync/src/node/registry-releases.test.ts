import { beforeAll, expect, test } from "vitest";

import type { OtaPlant } from "../testing/ota-plant.ts";
import { identityOf, otaPlant, plantStartUs } from "../testing/ota-plant.ts";
import { expiriesOf, namedIn, releasesOf } from "./registry-releases.ts";
import type { RegistryState } from "./registry-state.ts";

let plant: OtaPlant;
let state: RegistryState;
beforeAll(async () => {
  plant = await otaPlant();
  const { root, targets } = plant.signed;
  const expiresUs = plantStartUs;
  state = {
    root,
    targets: new Map([["targets", targets]]),
    snapshot: { version: 1, expiresUs, bytes: new Uint8Array() },
    timestamp: { version: 1, expiresUs },
  };
});

test("releases are the manifests of a line, lines themselves are none", async () => {
  expect(releasesOf(state, "pumps")).toEqual([
    {
      kind: "release",
      line: "pumps",
      version: 1,
      target: "releases/pumps/1.json",
      manifestSha256: await identityOf(plant.first),
    },
  ]);
  expect([...namedIn(state, "targets").keys()]).toContain("lines/pumps.json");
});

test("an empty registry names nothing", () => {
  expect(releasesOf(undefined, "pumps")).toEqual([]);
  expect(namedIn(undefined, "targets").size).toBe(0);
  expect(expiriesOf(undefined).size).toBe(0);
});

test("expiry is known for every role; the offline key's is a year, the root's five", () => {
  const dayUs = 24 * 3600 * 1e6;
  expect(Object.fromEntries(expiriesOf(state))).toEqual({
    root: plantStartUs + 5 * 365 * dayUs,
    targets: plantStartUs + 365 * dayUs,
    snapshot: plantStartUs,
    timestamp: plantStartUs,
  });
});
