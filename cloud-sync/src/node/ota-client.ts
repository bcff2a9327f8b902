import { join } from "node:path";
import { bundleBlobs, missingBlobs } from "@edgeloop/core/bundle";
import type { BlobRef, BlobStore, Clock, Log, Rng, Sha256 } from "@edgeloop/core/platform";
import { silentLog } from "@edgeloop/core/platform";
import type { FileSystem } from "@edgeloop/core/platform/node";
import { nodeFileSystem } from "@edgeloop/core/platform/node";

import type { AcceptedBundle, SignedBundle } from "../ota-chain.ts";
import { acceptBundle } from "../ota-chain.ts";
import { otaError } from "../ota-error.ts";
import type { Line } from "../ota-line.ts";
import { sha256OfTarget } from "../ota-metadata.ts";
import type { ManifestTarget } from "../ota-names.ts";
import { parseManifestTarget, roundsRole } from "../ota-names.ts";
import type { RepositoryFetch } from "../ota-repository.ts";
import type { TrustedSet } from "../ota-verify.ts";
import { beginUpdate } from "../ota-verify.ts";
import { turns } from "../turns.ts";
import type { Downloads } from "./blob-download.ts";
import { downloadBlob } from "./blob-download.ts";
import { readBundle, readLine } from "./ota-content.ts";
import type { RefreshPorts } from "./ota-refresh.ts";
import { refreshMetadata } from "./ota-refresh.ts";
import { findTarget, loadDelegated } from "./ota-search.ts";
import type { OtaStore } from "./ota-store.ts";
import { acceptedBundlesMax, openOtaStore } from "./ota-store.ts";

/** Opens the gateway's side of updates. */
export type UpdaterOptions = {
  /** Holds what is trusted; belongs to this updater alone. */
  readonly directory: string;
  readonly fetch: RepositoryFetch;
  /** Bytes of the TUF root that enrolment brought. */
  readonly trustedRoot: Uint8Array;
  /** Manifests and blobs go here. */
  readonly blobs: BlobStore;
  readonly clock: Clock;
  readonly rng: Rng;
  readonly log?: Log;
  readonly fileSystem?: FileSystem;
};

/** How an update went. */
export type RefreshResult = {
  readonly versions: {
    readonly root: number;
    readonly timestamp: number;
    readonly snapshot: number;
    readonly targets: number;
  };
  /** `behind`: this machine's clock shows less than the last update did, as at 1970; that time was used instead. */
  readonly clock: "plausible" | "behind";
};

/** A version of a line that signed metadata names. */
export type Release = ManifestTarget & { readonly target: string; readonly manifestSha256: Sha256 };

/** A manifest that passed every rule. Its bytes lie in the blob store, under its identity. */
export type FetchedManifest = SignedBundle & { readonly target: string; readonly line: Line };

/** A bundle of which every blob is here. */
export type FetchedBundle = FetchedManifest & {
  /** Bytes that crossed the wire for blobs in this call. */
  readonly receivedBytes: number;
  readonly reusedBlobs: number;
  readonly fetchedBlobs: number;
};

/** How to fetch. */
export type FetchOptions = {
  /** Version that serves now: a lower one is refused as a downgrade. */
  readonly versionMin?: number;
  readonly signal?: AbortSignal;
};

/** The gateway's side of updates. Calls take turns; each leaves a state that survives a power cut. */
export type Updater = {
  /**
   * Brings the metadata up to date.
   *
   * @throws `OTA_UNREACHABLE`, `OTA_METADATA_MISSING`, `OTA_TOO_LARGE`, `OTA_METADATA_INVALID`, `OTA_SIGNATURE_INVALID`,
   * `OTA_ROLLBACK`, `OTA_MISMATCH`, `OTA_EXPIRED`
   */
  refresh(signal?: AbortSignal): Promise<RefreshResult>;
  /** Refreshes, and lists the versions of a line that are on offer, oldest first. */
  releases(line: string, signal?: AbortSignal): Promise<readonly Release[]>;
  /**
   * Refreshes, then fetches and accepts the manifest of a target: `releases/<line>/<version>.json` or
   * `rounds/<line>/<version>.json`.
   *
   * @throws `OTA_TARGET_UNKNOWN`, `LINE_UNKNOWN`, `LINE_MISMATCH`, `LINE_APPROVAL_REQUIRED`, `PARENT_UNKNOWN`,
   * `BUNDLE_TAMPERED`, `BUNDLE_TOO_LARGE`, `BUNDLE_MANIFEST_INVALID`, `BUNDLE_FORMAT_UNSUPPORTED`, `OTA_ROLLBACK`, and what
   * `refresh` throws
   */
  fetchManifest(target: string, options?: FetchOptions): Promise<FetchedManifest>;
  /** Fetches a manifest and every blob that is missing, resuming where an earlier attempt was cut. */
  fetchBundle(target: string, options?: FetchOptions): Promise<FetchedBundle>;
  /**
   * Fetches one blob by name.
   *
   * @returns Bytes that crossed the wire; 0 when it was here.
   * @throws `BUNDLE_TAMPERED`, `BLOB_MISSING`, `BLOB_FULL`, `OTA_UNREACHABLE`
   */
  fetchBlob(ref: BlobRef, signal?: AbortSignal): Promise<number>;
};

/** Opens the updater. Nothing is fetched before the first call. @throws `OTA_SIGNATURE_INVALID` for a root that is none */
export async function openUpdater(options: UpdaterOptions): Promise<Updater> {
  const { fileSystem = nodeFileSystem, log = silentLog } = options;
  const store = await openOtaStore(options.directory, { fileSystem, log });
  const partial = join(options.directory, "partial");
  await fileSystem.makeDirectory(partial);
  const downloads: Downloads = { ...options, directory: partial, fileSystem };
  beginUpdate(options.trustedRoot, 0);
  const desk: Desk = { options, store, downloads };
  const alone = turns();
  return {
    refresh: (signal) => alone(async () => (await refresh(desk, signal)).result),
    releases: (line, signal) => alone(() => releases(desk, line, signal)),
    fetchManifest: (target, how = {}) => alone(() => fetchManifest(desk, target, how)),
    fetchBundle: (target, how = {}) => alone(() => fetchBundle(desk, target, how)),
    fetchBlob: (ref, signal) => alone(() => fetchBlob(desk, ref, signal)),
  };
}

type Desk = {
  readonly options: UpdaterOptions;
  readonly store: OtaStore;
  readonly downloads: Downloads;
};

/** Time is remembered to the hour, to spare the SD card. */
const seenIntervalUs = 3_600_000_000;

async function refresh(
  desk: Desk,
  signal?: AbortSignal,
): Promise<{ readonly trusted: TrustedSet; readonly result: RefreshResult }> {
  const memory = await desk.store.readMemory();
  const clockUs = desk.options.clock.nowUs();
  // TUF 5.1: time stands still during an update. A gateway without a clock battery starts at 1970; it was later than
  // that when something was found fresh, so that time is the least that it can be now.
  const nowUs = Math.max(clockUs, memory.seenUs);
  const trusted = await refreshMetadata(portsOf(desk, signal), nowUs);
  if (nowUs - memory.seenUs > seenIntervalUs) {
    await desk.store.writeMemory({ ...memory, seenUs: nowUs });
  }
  const clock = clockUs < memory.seenUs ? "behind" : "plausible";
  return { trusted, result: { versions: versionsOf(trusted), clock } };
}

const portsOf = ({ options, store }: Desk, signal: AbortSignal | undefined): RefreshPorts => ({
  fetch: options.fetch,
  store,
  trustedRoot: options.trustedRoot,
  signal,
});

const versionsOf = (trusted: TrustedSet): RefreshResult["versions"] => ({
  root: trusted.root.signed.version,
  timestamp: trusted.timestamp?.signed.version ?? 0,
  snapshot: trusted.snapshot?.signed.version ?? 0,
  targets: trusted.targets.get("targets")?.signed.version ?? 0,
});

async function releases(
  desk: Desk,
  line: string,
  signal?: AbortSignal,
): Promise<readonly Release[]> {
  const { trusted } = await refresh(desk, signal);
  return releasesIn(await loadDelegated(portsOf(desk, signal), trusted, roundsRole(line)), line);
}

const releasesIn = (trusted: TrustedSet, line: string): readonly Release[] =>
  ["targets", roundsRole(line)]
    .flatMap((role) => Object.values(trusted.targets.get(role)?.signed.targets ?? {}))
    .flatMap((target) => {
      const parsed = parseManifestTarget(target.path);
      if (parsed?.line !== line) return [];
      return [{ ...parsed, target: target.path, manifestSha256: sha256OfTarget(target) }];
    })
    .toSorted((a, b) => a.version - b.version);

async function fetchManifest(
  desk: Desk,
  path: string,
  { versionMin = 1, signal }: FetchOptions,
): Promise<FetchedManifest> {
  const named = parseManifestTarget(path);
  if (!named) throw otaError("OTA_TARGET_UNKNOWN", `${path} is no manifest of a line`, { path });
  const ports = portsOf(desk, signal);
  const reading = { ports, blobs: desk.options.blobs };
  const { trusted } = await refresh(desk, signal);
  const line = await readLine(reading, trusted, named.line);
  const found = await findTarget(ports, trusted, path);
  const bundle = await readBundle(reading, found);
  if (bundle.manifest.version < versionMin) {
    throw otaError("OTA_ROLLBACK", `version ${named.version} is older than what serves now`, {
      path,
      versionMin,
    });
  }
  const memory = await desk.store.readMemory();
  const accepted = await acceptBundle(bundle, line, {
    known: (sha256) => memory.accepted.find((other) => other.sha256 === sha256),
    lookup: async (sha256) => {
      const release = releasesIn(found.trusted, named.line).find(
        (r) => r.manifestSha256 === sha256,
      );
      if (!release) return undefined;
      return await readBundle(reading, await findTarget(ports, found.trusted, release.target));
    },
  });
  await remember(desk, accepted);
  return { ...bundle, target: path, line };
}

async function remember({ store }: Desk, accepted: readonly AcceptedBundle[]): Promise<void> {
  const memory = await store.readMemory();
  const fresh = accepted.filter((bundle) =>
    memory.accepted.every((o) => o.sha256 !== bundle.sha256),
  );
  if (fresh.length === 0) return;
  const all = [...memory.accepted, ...fresh].slice(-acceptedBundlesMax);
  await store.writeMemory({ ...memory, accepted: all });
}

async function fetchBundle(desk: Desk, target: string, how: FetchOptions): Promise<FetchedBundle> {
  const fetched = await fetchManifest(desk, target, how);
  const missing = await missingBlobs(fetched.manifest, desk.options.blobs);
  let receivedBytes = 0;
  for (const ref of missing) receivedBytes += await downloadBlob(desk.downloads, ref, how.signal);
  const reusedBlobs = bundleBlobs(fetched.manifest).length - missing.length;
  return { ...fetched, receivedBytes, reusedBlobs, fetchedBlobs: missing.length };
}

async function fetchBlob(desk: Desk, ref: BlobRef, signal?: AbortSignal): Promise<number> {
  if (await desk.options.blobs.has(ref.sha256)) return 0;
  return await downloadBlob(desk.downloads, ref, signal);
}
