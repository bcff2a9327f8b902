import type { Metadata, TargetFile, Targets } from "@tufjs/models";

import { otaError } from "../ota-error.ts";
import { otaLimits } from "../ota-metadata.ts";
import type { TargetsRole, TrustedSet } from "../ota-verify.ts";
import type { RefreshPorts } from "./ota-refresh.ts";
import { refreshTargets } from "./ota-refresh.ts";

/** A target as signed metadata names it. */
export type FoundTarget = {
  readonly trusted: TrustedSet;
  readonly target: TargetFile;
  /** The role that named it. */
  readonly role: string;
};

/**
 * Searches the roles for a target, depth first, in order of appearance (TUF 5.6.7).
 *
 * @throws `OTA_TARGET_UNKNOWN`, and what the checks of a delegated role throw.
 */
export async function findTarget(
  ports: RefreshPorts,
  start: TrustedSet,
  path: string,
): Promise<FoundTarget> {
  let trusted = start;
  let open: readonly TargetsRole[] = [{ role: "targets", delegator: "root" }];
  const visited = new Set<string>();
  for (let next = open[0]; next && visited.size <= otaLimits.delegationsMax; next = open[0]) {
    open = open.slice(1);
    // 5.6.7.1
    if (visited.has(next.role)) continue;
    visited.add(next.role);
    trusted = await loaded(ports, trusted, next);
    const metadata = trusted.targets.get(next.role);
    const target = metadata && ownTarget(metadata, path);
    if (target) return { trusted, target, role: next.role };
    if (metadata) open = delegated({ metadata, delegator: next.role, path }, open);
  }
  throw otaError("OTA_TARGET_UNKNOWN", `no signed metadata names ${path}`, { path });
}

/**
 * Loads a role that top-level targets delegate to, when it signed anything yet.
 *
 * @throws What the checks of a delegated role throw.
 */
export const loadDelegated = (
  ports: RefreshPorts,
  trusted: TrustedSet,
  role: string,
): Promise<TrustedSet> => loaded(ports, trusted, { role, delegator: "targets" });

// A role that signed nothing yet is not in the snapshot; one that was there cannot vanish from it (5.5.5).
function loaded(ports: RefreshPorts, trusted: TrustedSet, role: TargetsRole): Promise<TrustedSet> {
  const isListed = Object.hasOwn(trusted.snapshot?.signed.meta ?? {}, `${role.role}.json`);
  const isLoaded = trusted.delegators.get(role.role) === role.delegator;
  if (!isListed || isLoaded) return Promise.resolve(trusted);
  return refreshTargets(ports, trusted, role);
}

function ownTarget(metadata: Metadata<Targets>, path: string): TargetFile | undefined {
  const { targets } = metadata.signed;
  return Object.hasOwn(targets, path) ? targets[path] : undefined;
}

// 5.6.7.2: a terminating delegation ends the search behind it.
function delegated(
  from: { readonly metadata: Metadata<Targets>; readonly delegator: string; readonly path: string },
  rest: readonly TargetsRole[],
): readonly TargetsRole[] {
  const children: TargetsRole[] = [];
  for (const child of from.metadata.signed.delegations?.rolesForTarget(from.path) ?? []) {
    children.push({ role: child.role, delegator: from.delegator });
    if (child.terminating) return children;
  }
  return [...children, ...rest];
}
