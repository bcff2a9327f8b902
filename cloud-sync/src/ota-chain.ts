import type { Manifest } from "@edgeloop/core/bundle";
import type { Name, Sha256 } from "@edgeloop/core/platform";
import { otaError } from "./ota-error.ts";
import type { Line } from "./ota-line.ts";
import { checkLine } from "./ota-line.ts";

/** Rounds between a bundle and something accepted before; a new release starts a new chain. */
export const chainLengthMax = 1024;

/** A bundle that this gateway, or this registry, has accepted. */
export type AcceptedBundle = {
  readonly sha256: Sha256;
  readonly line: Name;
  readonly version: number;
  /** The offline-signed release at the start of its chain of rounds; itself for a release. */
  readonly origin: Sha256;
};

/** A manifest together with its identity and with whose signature it came. */
export type SignedBundle = {
  readonly manifest: Manifest;
  readonly sha256: Sha256;
  /** `release`: the offline key signed it. `round`: the online key did. */
  readonly kind: "release" | "round";
};

/** What came before. */
export type Ancestry = {
  /** A bundle that was accepted earlier. */
  readonly known: (sha256: Sha256) => AcceptedBundle | undefined;
  /** A bundle that the current metadata names; a gateway that joins late has accepted none of them yet. */
  readonly lookup: (sha256: Sha256) => Promise<SignedBundle | undefined>;
};

/**
 * Applies the rule of the line: a bundle equals the line; one of the rounds role also follows, through parents, a
 * release that the offline key signed.
 *
 * @returns What to remember: the bundle and those ancestors that were not known, oldest first.
 * @throws `LINE_MISMATCH`, `BUNDLE_TOO_LARGE`, `LINE_APPROVAL_REQUIRED`, `PARENT_UNKNOWN`, `OTA_ROLLBACK`
 */
export async function acceptBundle(
  bundle: SignedBundle,
  line: Line,
  ancestry: Ancestry,
): Promise<readonly AcceptedBundle[]> {
  checkLine(bundle.manifest, line);
  if (bundle.kind === "round" && line.approve === "operator") {
    throw otaError(
      "LINE_APPROVAL_REQUIRED",
      "the line asks for an offline signature on a release",
      {
        line: line.line,
      },
    );
  }
  const { base, chain } = await chainOf(bundle, ancestry);
  const accepted: AcceptedBundle[] = [];
  let parent = base;
  for (const link of chain) {
    parent = link.kind === "release" ? acceptRelease(link) : acceptRound(link, line, parent);
    accepted.push(parent);
  }
  return accepted;
}

/** Climbs from a bundle to a release or to something known; the chain comes oldest first. */
async function chainOf(
  bundle: SignedBundle,
  { known, lookup }: Ancestry,
): Promise<{ readonly base: AcceptedBundle | undefined; readonly chain: readonly SignedBundle[] }> {
  const chain = [bundle];
  for (let oldest = bundle; oldest.kind === "round"; ) {
    const { parent } = oldest.manifest;
    const base = parent === null ? undefined : known(parent);
    if (base) return { base, chain: chain.toReversed() };
    const next =
      parent === null || chain.length >= chainLengthMax ? undefined : await lookup(parent);
    if (!next) throw parentUnknown(oldest.manifest);
    chain.push(next);
    oldest = next;
  }
  return { base: undefined, chain: chain.toReversed() };
}

const acceptRelease = ({ manifest, sha256 }: SignedBundle): AcceptedBundle => ({
  sha256,
  line: manifest.line,
  version: manifest.version,
  origin: sha256,
});

function acceptRound(
  { manifest, sha256 }: SignedBundle,
  line: Line,
  parent: AcceptedBundle | undefined,
): AcceptedBundle {
  if (!parent || parent.sha256 !== manifest.parent || parent.line !== manifest.line) {
    throw parentUnknown(manifest);
  }
  if (line.parents.length > 0 && !line.parents.includes(parent.origin)) {
    throw otaError("PARENT_UNKNOWN", "the line allows no rounds on this release", {
      line: line.line,
      origin: parent.origin,
    });
  }
  if (manifest.version <= parent.version) {
    throw otaError("OTA_ROLLBACK", "a bundle's version is higher than its parent's", {
      version: manifest.version,
      parentVersion: parent.version,
    });
  }
  return { sha256, line: manifest.line, version: manifest.version, origin: parent.origin };
}

const parentUnknown = (manifest: Manifest): Error =>
  otaError("PARENT_UNKNOWN", "the bundle's parent is none that was accepted here", {
    line: manifest.line,
    version: manifest.version,
    parent: manifest.parent,
  });
