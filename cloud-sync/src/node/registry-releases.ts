import type { Sha256 } from "@edgeloop/core/platform";
import { expiryUs, parseRoot, parseTargets } from "../ota-metadata.ts";
import type { ManifestTarget } from "../ota-names.ts";
import { parseManifestTarget, roundsRole } from "../ota-names.ts";
import type { NamedContent } from "../ota-sign.ts";
import { targetsOf } from "../ota-sign.ts";
import type { RegistryState } from "./registry-state.ts";

/** A version of a line that the registry offers. */
export type RegistryRelease = ManifestTarget & {
  readonly target: string;
  readonly manifestSha256: Sha256;
};

/** Lists the versions of a line that a state names, oldest first. */
export function releasesOf(
  state: RegistryState | undefined,
  line: string,
): readonly RegistryRelease[] {
  return ["targets", roundsRole(line)]
    .flatMap((role) => [...namedIn(state, role)])
    .flatMap(([target, { sha256: manifestSha256 }]) => {
      const parsed = parseManifestTarget(target);
      return parsed?.line === line ? [{ ...parsed, target, manifestSha256 }] : [];
    })
    .toSorted((a, b) => a.version - b.version);
}

/** Lists the targets that a role names. */
export function namedIn(
  state: RegistryState | undefined,
  role: string,
): ReadonlyMap<string, NamedContent> {
  const bytes = state?.targets.get(role);
  return bytes ? targetsOf(bytes) : new Map();
}

/** Tells when each signature expires, microseconds UTC, by role. */
export function expiriesOf(state: RegistryState | undefined): ReadonlyMap<string, number> {
  if (!state) return new Map();
  return new Map([
    ["root", expiryUs(parseRoot(state.root).signed)],
    ["timestamp", state.timestamp.expiresUs],
    ["snapshot", state.snapshot.expiresUs],
    ...[...state.targets].map(([role, bytes]): [string, number] => [
      role,
      expiryUs(parseTargets(bytes).signed),
    ]),
  ]);
}
