import { join } from "node:path";

import type { Clock } from "@edgeloop/core/platform";
import { equalBytes, hasCode, sha256 } from "@edgeloop/core/platform";
import type { FileSystem } from "@edgeloop/core/platform/node";
import { readFileOrPrevious, writeFileAtomic } from "@edgeloop/core/platform/node";
import type { Timestamp } from "@tufjs/models";

import type { SigningKey } from "../keys.ts";
import { otaError } from "../ota-error.ts";
import {
  checkContent,
  expiryUs,
  parseRoot,
  parseSnapshot,
  parseTargets,
  parseTimestamp,
} from "../ota-metadata.ts";
import { metadataFile } from "../ota-names.ts";
import { dayUs } from "../ota-offline.ts";
import { signSnapshot, signTimestamp } from "../ota-sign.ts";
import { beginUpdate, signedTargets } from "../ota-verify.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** How long the online key's signatures last. Each is renewed once half of it has passed. */
export const onlineLifetimesDays: Readonly<Record<"timestamp" | "snapshot" | "rounds", number>> = {
  timestamp: 1,
  snapshot: 7,
  rounds: 30,
};

/** What the registry publishes: the content of every current metadata file. */
export type RegistryState = {
  readonly root: Bytes;
  /** By role: `targets` and the delegated ones. */
  readonly targets: ReadonlyMap<string, Bytes>;
  readonly snapshot: {
    readonly version: number;
    readonly expiresUs: number;
    readonly bytes: Bytes;
  };
  readonly timestamp: { readonly version: number; readonly expiresUs: number };
};

/** Where a registry keeps its metadata, and who signs it. */
export type RegistryShelf = {
  readonly directory: string;
  readonly key: SigningKey;
  readonly clock: Clock;
  readonly fileSystem: FileSystem;
};

const pathOf = (shelf: RegistryShelf, file: string): string =>
  join(shelf.directory, "metadata", file);

/** Writes a metadata file; of those that are replaced the one before stays beside it. */
export const writeMetadata = (
  shelf: RegistryShelf,
  file: string,
  bytes: Uint8Array,
): Promise<void> =>
  writeFileAtomic(pathOf(shelf, file), bytes, {
    fileSystem: shelf.fileSystem,
    keepPrevious: !/^\d/.test(file),
  });

/**
 * Finds what was published last.
 *
 * A snapshot is written after the files that it names and before the timestamp. One whose timestamp was lost to a power
 * cut is whole, and is published now. When the newest snapshot is damaged, a new one is signed over the newest whole
 * file of every role: versions that clients have seen must not come back.
 *
 * @returns `undefined` for an empty registry.
 * @throws `REGISTRY_DAMAGED` when root or targets are lost.
 */
export async function loadState(shelf: RegistryShelf): Promise<RegistryState | undefined> {
  const names = await shelf.fileSystem.list(join(shelf.directory, "metadata"));
  const newest = Math.max(0, ...versionsOf(names, "snapshot"));
  if (newest === 0) return undefined;
  const root = await readRoot(shelf, names);
  const state = await readState(shelf, newest, root);
  if (state) return published(shelf, state);
  const changed = await newestRoles(shelf, names, root);
  if (!changed.has("targets")) throw damaged(shelf);
  const timestamp = { version: (await timestampOf(shelf)).next - 1, expiresUs: 0 };
  const snapshot = { version: newest, expiresUs: 0, bytes: new Uint8Array() };
  const before = { root, targets: new Map(), snapshot, timestamp };
  return await publish(shelf, before, { root, changed });
}

/** Finds the newest whole file of every targets role. */
async function newestRoles(
  shelf: RegistryShelf,
  names: readonly string[],
  root: Bytes,
): Promise<ReadonlyMap<string, Bytes>> {
  const roles = new Set(
    names.flatMap((name) => /^\d+\.(targets|rounds-[a-z0-9-]+)\.json$/.exec(name)?.[1] ?? []),
  );
  const found = new Map<string, Bytes>();
  for (const role of roles) {
    for (const version of versionsOf(names, role).toSorted((a, b) => b - a)) {
      const bytes = await read(shelf, metadataFile(role, version));
      if (!isWhole(role, bytes, root)) continue;
      found.set(role, bytes);
      break;
    }
  }
  return found;
}

function isWhole(role: string, bytes: Bytes, root: Bytes): boolean {
  try {
    const trusted = beginUpdate(root, 0);
    if (role === "targets") signedTargets(trusted, bytes);
    else if (role !== "root") parseTargets(bytes);
    return true;
  } catch {
    return false; // Whatever is wrong with it, it is not the file to publish.
  }
}

const versionsOf = (names: readonly string[], role: string): readonly number[] =>
  names.flatMap((name) => {
    const [digits, ...rest] = name.split(".");
    return rest.join(".") === `${role}.json` && digits ? [Number(digits)] : [];
  });

/** The newest root that signs itself: numbered files are written once and stay. */
async function readRoot(shelf: RegistryShelf, names: readonly string[]): Promise<Bytes> {
  for (const version of versionsOf(names, "root").toSorted((x, y) => y - x)) {
    const bytes = await read(shelf, metadataFile("root", version));
    if (isWhole("root", bytes, bytes)) return bytes;
  }
  throw damaged(shelf);
}

const damaged = (shelf: RegistryShelf, cause?: unknown): Error =>
  otaError(
    "REGISTRY_DAMAGED",
    "root or targets are lost; import the last offline package into a new directory",
    { directory: shelf.directory },
    cause,
  );

/** Reads one published state; `undefined` when a file of it is missing or damaged. */
async function readState(
  shelf: RegistryShelf,
  version: number,
  root: Bytes,
): Promise<Omit<RegistryState, "timestamp"> | undefined> {
  try {
    const bytes = await read(shelf, metadataFile("snapshot", version));
    const snapshot = parseSnapshot(bytes).signed;
    const targets = new Map<string, Bytes>();
    for (const [file, named] of Object.entries(snapshot.meta)) {
      const role = file.replace(/\.json$/, "");
      const content = await read(shelf, metadataFile(role, named.version));
      await checkContent(role, content, named);
      targets.set(role, content);
    }
    // A cut between a new root and its snapshot leaves targets that the root no longer vouches for.
    if (!isWhole("targets", targets.get("targets") ?? new Uint8Array(), root)) return undefined;
    return {
      root,
      targets,
      snapshot: { version, expiresUs: expiryUs(snapshot), bytes },
    };
  } catch (error) {
    const lost = ["ENOENT", "OTA_METADATA_INVALID", "OTA_MISMATCH"];
    if (lost.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}

/** Makes sure that the timestamp names the state's snapshot. */
async function published(
  shelf: RegistryShelf,
  state: Omit<RegistryState, "timestamp">,
): Promise<RegistryState> {
  const { signed, next } = await timestampOf(shelf);
  if (signed?.snapshotMeta.version !== state.snapshot.version) return stamp(shelf, state, next);
  return { ...state, timestamp: { version: signed.version, expiresUs: expiryUs(signed) } };
}

/** Reads the timestamp, when it is whole, and finds the version of the next one. */
async function timestampOf(
  shelf: RegistryShelf,
): Promise<{ readonly signed?: Timestamp; readonly next: number }> {
  try {
    const found = await readFileOrPrevious(
      pathOf(shelf, "timestamp.json"),
      (bytes) => parseTimestamp(bytes).signed,
      shelf.fileSystem,
    );
    if (found?.from === "current") return { signed: found.value, next: found.value.version + 1 };
    // The damaged timestamp was one ahead of the one before it, so the next is two ahead.
    return { next: (found?.value.version ?? 0) + 2 };
  } catch (cause) {
    throw damaged(shelf, cause);
  }
}

/** Signs and writes a timestamp over the state's snapshot: from here on clients see it. */
export async function stamp(
  shelf: RegistryShelf,
  state: Omit<RegistryState, "timestamp">,
  version: number,
): Promise<RegistryState> {
  const expiresUs = expiryOf(shelf, onlineLifetimesDays.timestamp);
  const { bytes, version: snapshotVersion } = state.snapshot;
  const named = { version: snapshotVersion, bytes: bytes.length, sha256: await sha256(bytes) };
  await writeMetadata(
    shelf,
    "timestamp.json",
    await signTimestamp(named, { version, expiresUs }, [shelf.key]),
  );
  return { ...state, timestamp: { version, expiresUs } };
}

/**
 * Publishes new metadata of targets roles: their files first, then the snapshot, then the timestamp.
 *
 * @param changed By role; the other roles stay as they are.
 */
export async function publish(
  shelf: RegistryShelf,
  before: RegistryState | undefined,
  next: { readonly root: Bytes; readonly changed: ReadonlyMap<string, Bytes> },
): Promise<RegistryState> {
  const targets = new Map([...(before?.targets ?? []), ...next.changed]);
  for (const [role, bytes] of next.changed) {
    await writeMetadata(shelf, metadataFile(role, parseTargets(bytes).signed.version), bytes);
  }
  const meta = new Map<
    string,
    { version: number; bytes: number; sha256: Awaited<ReturnType<typeof sha256>> }
  >();
  for (const [role, bytes] of targets) {
    const { version } = parseTargets(bytes).signed;
    meta.set(`${role}.json`, { version, bytes: bytes.length, sha256: await sha256(bytes) });
  }
  const version = (before?.snapshot.version ?? 0) + 1;
  const expiresUs = expiryOf(shelf, onlineLifetimesDays.snapshot);
  const bytes = await signSnapshot(meta, { version, expiresUs }, [shelf.key]);
  if (!before || !equalBytes(before.root, next.root)) {
    await writeMetadata(
      shelf,
      metadataFile("root", parseRoot(next.root).signed.version),
      next.root,
    );
  }
  await writeMetadata(shelf, metadataFile("snapshot", version), bytes);
  const state = { root: next.root, targets, snapshot: { version, expiresUs, bytes } };
  return await stamp(shelf, state, (before?.timestamp.version ?? 0) + 1);
}

// Metadata knows whole seconds (TUF 4.2.1).
const expiryOf = ({ clock }: RegistryShelf, lifetimeDays: number): number =>
  Math.floor((clock.nowUs() + lifetimeDays * dayUs) / 1_000_000) * 1_000_000;

const read = async (shelf: RegistryShelf, file: string): Promise<Bytes> =>
  Uint8Array.from(await shelf.fileSystem.read(pathOf(shelf, file)));
