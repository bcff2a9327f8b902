import { isName } from "@edgeloop/core/platform";

/** Name of the role that may sign rounds of a line. */
export const roundsRole = (line: string): string => `rounds-${line}`;

/** Target of the signed line. */
export const lineTarget = (line: string): string => `lines/${line}.json`;

/** Target of a release that the offline key signed. */
export const releaseTarget = (line: string, version: number): string =>
  `releases/${line}/${version}.json`;

/** Target of a release that federated rounds made, signed by the online key. */
export const roundTarget = (line: string, version: number): string =>
  `rounds/${line}/${version}.json`;

/** What a target's path says. */
export type ManifestTarget = {
  readonly kind: "release" | "round";
  readonly line: string;
  readonly version: number;
};

/** Reads a manifest's target path; `undefined` when it is none. */
export function parseManifestTarget(path: string): ManifestTarget | undefined {
  const [, folder, line, digits] =
    /^(releases|rounds)\/([^/]+)\/([1-9]\d{0,14})\.json$/.exec(path) ?? [];
  if (!isName(line)) return undefined;
  return { kind: folder === "rounds" ? "round" : "release", line, version: Number(digits) };
}

/** File of a role's metadata; delegated names are data, so they are escaped. */
export const metadataFile = (role: string, version?: number): string =>
  `${version === undefined ? "" : `${version}.`}${encodeURIComponent(role)}.json`;

/** Where a target's content lies, consistent-snapshot form (TUF 7.1): the hash stands before the last name. */
export function targetFile(path: string, sha256: string): string {
  const slash = path.lastIndexOf("/") + 1;
  return `targets/${path.slice(0, slash)}${sha256}.${path.slice(slash)}`;
}
