import { join } from "node:path";

import type { Manifest } from "@edgeloop/core/bundle";
import { missingBlobs, parseManifest, readManifest } from "@edgeloop/core/bundle";
import type { BlobStore, Clock, EdgeloopError, Sha256 } from "@edgeloop/core/platform";
import { equalBytes, sha256 } from "@edgeloop/core/platform";
import type { FileSystem } from "@edgeloop/core/platform/node";
import { nodeFileSystem, openFileBlobStore } from "@edgeloop/core/platform/node";

import type { SigningKey } from "../keys.ts";
import type { SignedBundle } from "../ota-chain.ts";
import { acceptBundle } from "../ota-chain.ts";
import { otaError } from "../ota-error.ts";
import type { Line } from "../ota-line.ts";
import { parseLine } from "../ota-line.ts";
import {
  checkContent,
  expiryUs,
  parseRoot,
  parseTargets,
  sha256OfTarget,
} from "../ota-metadata.ts";
import { lineTarget, parseManifestTarget, roundsRole, roundTarget } from "../ota-names.ts";
import type { OfflinePackage } from "../ota-offline.ts";
import { dayUs } from "../ota-offline.ts";
import type { NamedContent } from "../ota-sign.ts";
import { signTargets, targetsOf } from "../ota-sign.ts";
import { beginUpdate, signedTargets, updateRoot } from "../ota-verify.ts";
import { turns } from "../turns.ts";
import type { RegistryRelease } from "./registry-releases.ts";
import { expiriesOf, namedIn, releasesOf } from "./registry-releases.ts";
import type { RegistryDesk, RegistryFile } from "./registry-serve.ts";
import { serveFile } from "./registry-serve.ts";
import type { RegistryShelf, RegistryState } from "./registry-state.ts";
import { loadState, onlineLifetimesDays, publish, stamp } from "./registry-state.ts";

/** Opens a registry. */
export type RegistryOptions = {
  readonly directory: string;
  /** The online key: snapshot, timestamp and rounds. The offline key never comes here. */
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly fileSystem?: FileSystem;
};

/** The coordinator's side of updates: a TUF repository in a directory. */
export type Registry = {
  /** Blobs of bundles; put what a manifest names here before it is published. */
  readonly blobs: BlobStore;
  /** Bytes of the current root; `undefined` until something was imported. */
  root(): Uint8Array<ArrayBuffer> | undefined;
  /**
   * Publishes what the offline key signed: lines and releases.
   *
   * @throws `OTA_SIGNATURE_INVALID`, `OTA_ROLLBACK`, `OTA_MISMATCH`, `BLOB_MISSING`
   */
  importOffline(signed: OfflinePackage): Promise<void>;
  /**
   * Publishes a round's bundle, signed by the online key; the same bundle twice is one.
   *
   * @throws `LINE_UNKNOWN`, `LINE_MISMATCH`, `LINE_APPROVAL_REQUIRED`, `PARENT_UNKNOWN`, `RELEASE_EXISTS`, `BLOB_MISSING`
   */
  publishRound(manifestBytes: Uint8Array): Promise<RegistryRelease>;
  /** Renews online signatures that have lived half of their time. Call it every hour. */
  refresh(): Promise<void>;
  /** Reads a signed line. @throws `LINE_UNKNOWN` */
  line(name: string): Promise<Line>;
  /** When each signature expires, microseconds UTC, by role. Nobody but people renews `root` and `targets`. */
  expiries(): ReadonlyMap<string, number>;
  /** Lists the versions of a line, oldest first. */
  releases(line: string): readonly RegistryRelease[];
  /** Answers a client's request for a path; `undefined` for 404. */
  read(path: string, fromByte?: number): Promise<RegistryFile | undefined>;
};

/** Opens a registry: empty, or as it was published last. @throws `REGISTRY_DAMAGED`, `KEY_ROLE_MISMATCH` */
export async function openRegistry(options: RegistryOptions): Promise<Registry> {
  const { fileSystem = nodeFileSystem } = options;
  const shelf: RegistryShelf = { ...options, fileSystem };
  await fileSystem.makeDirectory(join(options.directory, "metadata"));
  const blobs = await openFileBlobStore(join(options.directory, "blobs"), fileSystem);
  let state = await loadState(shelf);
  if (state) checkKey(shelf, state.root);
  const alone = turns();
  const desk = { shelf, blobs };
  return {
    blobs,
    root: () => state?.root,
    importOffline: (signed) =>
      alone(async () => {
        state = await importSigned(desk, state, signed);
      }),
    publishRound: (bytes) =>
      alone(async () => {
        const { next, release } = await addRound(desk, state, bytes);
        state = next;
        return release;
      }),
    refresh: () =>
      alone(async () => {
        state = state && (await renew(shelf, state));
      }),
    line: (name) => readLine(desk, state, name),
    expiries: () => expiriesOf(state),
    releases: (line) => releasesOf(state, line),
    read: (path, fromByte = 0) => serveFile(desk, path, fromByte),
  };
}

async function importSigned(
  desk: RegistryDesk,
  state: RegistryState | undefined,
  signed: OfflinePackage,
): Promise<RegistryState> {
  const root = acceptRoot(desk.shelf, state, signed.root);
  const targets = signedTargets(beginUpdate(root, 0), signed.targets);
  const before = state?.targets.get("targets");
  const isSame = before !== undefined && equalBytes(before, signed.targets);
  if (state && isSame && equalBytes(state.root, root)) return state;
  if (before && !isSame) checkGrows(parseTargets(before).signed.version, targets.signed.version);
  for (const target of Object.values(targets.signed.targets)) {
    const content = signed.files.get(target.path);
    if (content) {
      await checkContent(target.path, content, target);
      await keepTarget(desk, target.path, content);
    } else if (!(await desk.blobs.has(sha256OfTarget(target)))) {
      throw blobsMissing(target.path, [sha256OfTarget(target)]);
    }
  }
  return await publish(desk.shelf, state, {
    root,
    changed: new Map([["targets", Uint8Array.from(signed.targets)]]),
  });
}

async function keepTarget(
  { blobs }: RegistryDesk,
  path: string,
  content: Uint8Array,
): Promise<void> {
  if (parseManifestTarget(path)) await checkBlobs(parseManifest(content), path, blobs);
  await blobs.put(content);
}

async function addRound(
  desk: RegistryDesk,
  state: RegistryState | undefined,
  bytes: Uint8Array,
): Promise<{ readonly next: RegistryState; readonly release: RegistryRelease }> {
  const bundle = {
    manifest: parseManifest(bytes),
    sha256: await sha256(bytes),
    kind: "round",
  } as const;
  const { line, version } = bundle.manifest;
  const target = roundTarget(line, version);
  const out = releasesOf(state, line);
  const same = out.find((other) => other.manifestSha256 === bundle.sha256);
  if (state && same) return { next: state, release: same };
  const newest = out.at(-1)?.version ?? 0;
  if (newest >= version) {
    throw otaError("RELEASE_EXISTS", `version ${newest} of ${line} is out already`, {
      line,
      version,
    });
  }
  await acceptBundle(bundle, await readLine(desk, state, line), {
    known: () => undefined,
    lookup: async (hash) => {
      const found = out.find((other) => other.manifestSha256 === hash);
      return found && (await readRelease(desk.blobs, found));
    },
  });
  if (!state) throw lineUnknown(line);
  await checkBlobs(bundle.manifest, target, desk.blobs);
  await desk.blobs.put(bytes);
  const role = roundsRole(line);
  const targets = new Map(namedIn(state, role)).set(target, {
    bytes: bytes.length,
    sha256: bundle.sha256,
  });
  const changed = new Map([[role, await signRounds(desk.shelf, targets, state.targets.get(role))]]);
  const release = { kind: bundle.kind, line, version, target, manifestSha256: bundle.sha256 };
  return { next: await publish(desk.shelf, state, { root: state.root, changed }), release };
}

function signRounds(
  { key, clock }: RegistryShelf,
  targets: ReadonlyMap<string, NamedContent>,
  before: Uint8Array | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  const version = before ? parseTargets(before).signed.version + 1 : 1;
  const expiresUs = clock.nowUs() + onlineLifetimesDays.rounds * dayUs;
  return signTargets({ targets }, { version, expiresUs }, [key]);
}

async function renew(shelf: RegistryShelf, state: RegistryState): Promise<RegistryState> {
  const due = (expiresUs: number, lifetimeDays: number): boolean =>
    expiresUs - shelf.clock.nowUs() < (lifetimeDays * dayUs) / 2;
  const changed = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [role, bytes] of state.targets) {
    if (role === "targets") continue;
    if (!due(expiryUs(parseTargets(bytes).signed), onlineLifetimesDays.rounds)) continue;
    changed.set(role, await signRounds(shelf, targetsOf(bytes), bytes));
  }
  if (changed.size > 0 || due(state.snapshot.expiresUs, onlineLifetimesDays.snapshot)) {
    return await publish(shelf, state, { root: state.root, changed });
  }
  if (!due(state.timestamp.expiresUs, onlineLifetimesDays.timestamp)) return state;
  return await stamp(shelf, state, state.timestamp.version + 1);
}

function acceptRoot(
  shelf: RegistryShelf,
  state: RegistryState | undefined,
  offered: Uint8Array,
): Uint8Array<ArrayBuffer> {
  const root = Uint8Array.from(offered);
  checkKey(shelf, root);
  if (!state) beginUpdate(root, 0);
  else if (!equalBytes(state.root, root)) updateRoot(beginUpdate(state.root, 0), root);
  return root;
}

// Clients would refuse whatever a key signs that the root does not name.
function checkKey(shelf: RegistryShelf, root: Uint8Array): void {
  const { roles } = parseRoot(root).signed;
  const named = ["snapshot", "timestamp"].every((role) =>
    roles[role]?.keyIDs.includes(shelf.key.keyId),
  );
  if (named) return;
  throw otaError("KEY_ROLE_MISMATCH", "the root names another online key; sign it for this one", {
    keyId: shelf.key.keyId,
  });
}

async function readLine(
  { blobs }: RegistryDesk,
  state: RegistryState | undefined,
  name: string,
): Promise<Line> {
  const named = namedIn(state, "targets").get(lineTarget(name));
  if (!named) throw lineUnknown(name);
  return parseLine(await blobs.get(named.sha256));
}

async function readRelease(blobs: BlobStore, release: RegistryRelease): Promise<SignedBundle> {
  const { kind, manifestSha256 } = release;
  return { manifest: await readManifest(blobs, manifestSha256), sha256: manifestSha256, kind };
}

async function checkBlobs(manifest: Manifest, target: string, blobs: BlobStore): Promise<void> {
  const missing = await missingBlobs(manifest, blobs);
  if (missing.length > 0)
    throw blobsMissing(
      target,
      missing.map((blob) => blob.sha256),
    );
}

function checkGrows(before: number, offered: number): void {
  if (offered > before) return;
  throw otaError("OTA_ROLLBACK", `targets are at version ${before} already; sign on top of it`, {
    before,
    offered,
  });
}

const blobsMissing = (target: string, missing: readonly Sha256[]): EdgeloopError =>
  otaError("BLOB_MISSING", `${target} names blobs that the registry lacks; copy them first`, {
    target,
    missing: missing.slice(0, 16),
  });

const lineUnknown = (line: string): EdgeloopError =>
  otaError("LINE_UNKNOWN", `no line ${line} was signed; release it first`, { line });
