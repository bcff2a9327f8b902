import { manifestIdentity, parseManifest } from "@edgeloop/core/bundle";
import { sha256 } from "@edgeloop/core/platform";

import type { SigningKey, VerifyKey } from "./keys.ts";
import { otaError } from "./ota-error.ts";
import type { Line } from "./ota-line.ts";
import { checkLine, lineBytes, parseLine } from "./ota-line.ts";
import { parseRoot, parseTargets } from "./ota-metadata.ts";
import { lineTarget, releaseTarget, roundsRole } from "./ota-names.ts";
import type { Delegation, NamedContent } from "./ota-sign.ts";
import { signRoot, signTargets, targetsOf } from "./ota-sign.ts";

/** How long offline signatures last: people make them, and a fleet must not stop because one is on holiday. */
export const offlineLifetimes: { readonly rootDays: number; readonly targetsDays: number } = {
  rootDays: 5 * 365,
  targetsDays: 365,
};

/** Microseconds of a day. */
export const dayUs: number = 24 * 3600 * 1_000_000;

/** What the offline key signed, as files that are carried to the coordinator. Holds no secret. */
export type OfflinePackage = {
  readonly root: Uint8Array<ArrayBuffer>;
  readonly targets: Uint8Array<ArrayBuffer>;
  /** Lines and manifests, by target path. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
};

/** What to sign offline. */
export type OfflineRequest = {
  /** The offline key: root and targets. */
  readonly key: SigningKey;
  /** The online key, of which only the public half is here: snapshot, timestamp and rounds. */
  readonly onlineKey: VerifyKey;
  /** What was signed before; absent for the first time. */
  readonly previous?: Pick<OfflinePackage, "root" | "targets">;
  readonly lines?: readonly Line[];
  /** Manifests of releases, exactly as `buildBundle` wrote them. */
  readonly releases?: readonly Uint8Array[];
  readonly nowUs: number;
};

/**
 * Signs lines and releases with the offline key, in whatever process holds it: nothing else needs that key.
 *
 * @throws `LINE_MISMATCH` when a release is outside its line, `RELEASE_EXISTS` for another release of the same version,
 * `LINE_UNKNOWN` for a release whose line was never signed, `BUNDLE_MANIFEST_INVALID`
 */
export async function signOffline(request: OfflineRequest): Promise<OfflinePackage> {
  const { key, onlineKey, previous, nowUs } = request;
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const targets = new Map<string, NamedContent>(previous ? targetsOf(previous.targets) : []);
  const put = async (path: string, bytes: Uint8Array): Promise<void> => {
    const content = Uint8Array.from(bytes);
    files.set(path, content);
    targets.set(path, { bytes: content.length, sha256: await sha256(content) });
  };
  const lines = new Map((request.lines ?? []).map((line) => [line.line, line]));
  for (const line of lines.values()) {
    await put(lineTarget(line.line), lineBytes(parseLine(lineBytes(line))));
  }
  for (const bytes of request.releases ?? []) {
    const manifest = parseManifest(bytes);
    const line = lines.get(manifest.line);
    if (line) checkLine(manifest, line);
    else if (!targets.has(lineTarget(manifest.line))) throw lineUnknown(manifest.line);
    const path = releaseTarget(manifest.line, manifest.version);
    const before = targets.get(path)?.sha256;
    if (before !== undefined && before !== (await manifestIdentity(manifest))) {
      throw otaError(
        "RELEASE_EXISTS",
        `${path} was signed before; give the release a new version`,
        {
          path,
        },
      );
    }
    await put(path, bytes);
  }
  const version = previous ? parseTargets(previous.targets).signed.version + 1 : 1;
  const signed = await signTargets(
    { targets, delegations: delegationsOf(targets, onlineKey) },
    { version, expiresUs: nowUs + offlineLifetimes.targetsDays * dayUs },
    [key],
  );
  return {
    root: previous ? Uint8Array.from(previous.root) : await firstRoot(request),
    targets: signed,
    files,
  };
}

/** Signs the root that replaces `previous`, for new keys or a new expiry; both generations of root keys sign. */
export function rotateRoot(
  previous: Uint8Array,
  keys: { readonly offline: SigningKey; readonly online: VerifyKey; readonly retired: SigningKey },
  nowUs: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const version = parseRoot(previous).signed.version + 1;
  const signers =
    keys.retired.keyId === keys.offline.keyId ? [keys.offline] : [keys.retired, keys.offline];
  return signRoot(rolesOf(keys.offline, keys.online), rootTerm(version, nowUs), signers);
}

const firstRoot = ({ key, onlineKey, nowUs }: OfflineRequest): Promise<Uint8Array<ArrayBuffer>> =>
  signRoot(rolesOf(key, onlineKey), rootTerm(1, nowUs), [key]);

const rootTerm = (version: number, nowUs: number) => ({
  version,
  expiresUs: nowUs + offlineLifetimes.rootDays * dayUs,
});

const rolesOf = (offline: VerifyKey, online: VerifyKey) => ({
  root: [offline],
  targets: [offline],
  snapshot: [online],
  timestamp: [online],
});

const delegationsOf = (
  targets: ReadonlyMap<string, unknown>,
  onlineKey: VerifyKey,
): readonly Delegation[] =>
  [...targets.keys()].flatMap((path) => {
    const line = /^lines\/([^/]+)\.json$/.exec(path)?.[1];
    if (line === undefined) return [];
    return [{ role: roundsRole(line), paths: [`rounds/${line}/*`], keys: [onlineKey] }];
  });

const lineUnknown = (line: string): Error =>
  otaError("LINE_UNKNOWN", `sign the line ${line} together with its first release`, { line });
