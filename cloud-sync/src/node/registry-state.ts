import { join } from "node:path";

import type { Clock } from "@edgeloop/core/platform";
import { hasCode, sha256 } from "@edgeloop/core/platform";
import type { FileSystem } from "@edgeloop/core/platform/node";
import { readFileOrPrevious, writeFileAtomic } from "@edgeloop/core/platform/node";

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
 * Finds what was published last: the highest snapshot whose files are all there and whole.
 *
 * A snapshot is written after its files and before the timestamp. One whose timestamp was lost to a power cut is whole,
 * and is published now.
 *
 * @returns `undefined` for an empty registry.
 * @throws `REGISTRY_DAMAGED` when files are there and no published state is whole.
 */
export async function loadState(shelf: RegistryShelf): Promise<RegistryState | undefined> {
  const names = await shelf.fileSystem.list(join(shelf.directory, "metadata"));
  const versions = names.flatMap((name) => {
    const digits = /^(\d+)\.snapshot\.json$/.exec(name)?.[1];
    return digits === undefined ? [] : [Number(digits)];
  });
  if (versions.length === 0) return undefined;
  for (const version of versions.toSorted((a, b) => b - a)) {
    const state = await readState(shelf, version);
    if (state) return published(shelf, state);
  }
  throw otaError("REGISTRY_DAMAGED", "no published state is whole; restore the registry's backup", {
    directory: shelf.directory,
  });
}

/** Reads one published state; `undefined` when a file of it is missing or damaged. */
async function readState(
  shelf: RegistryShelf,
  version: number,
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
    return {
      root: await read(shelf, "root.json"),
      targets,
      snapshot: { version, expiresUs: expiryUs(snapshot), bytes },
    };
  } catch (error) {
    const damaged = ["ENOENT", "OTA_METADATA_INVALID", "OTA_MISMATCH"];
    if (damaged.some((code) => hasCode(error, code))) return undefined;
    throw error;
  }
}

/** Makes sure that the timestamp names the state's snapshot. */
async function published(
  shelf: RegistryShelf,
  state: Omit<RegistryState, "timestamp">,
): Promise<RegistryState> {
  const found = await readFileOrPrevious(
    pathOf(shelf, "timestamp.json"),
    (bytes) => parseTimestamp(bytes).signed,
    shelf.fileSystem,
  );
  const timestamp = {
    version: found?.value.version ?? 0,
    expiresUs: found ? expiryUs(found.value) : 0,
  };
  const isCurrent =
    found?.from === "current" && found.value.snapshotMeta.version === state.snapshot.version;
  if (isCurrent) return { ...state, timestamp };
  // The damaged timestamp was one ahead of the one before it, so the next is two ahead.
  return await stamp(shelf, state, timestamp.version + 2);
}

/** Signs and writes a timestamp over the state's snapshot: from here on clients see it. */
export async function stamp(
  shelf: RegistryShelf,
  state: Omit<RegistryState, "timestamp">,
  version: number,
): Promise<RegistryState> {
  const expiresUs = shelf.clock.nowUs() + onlineLifetimesDays.timestamp * dayUs;
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
  const expiresUs = shelf.clock.nowUs() + onlineLifetimesDays.snapshot * dayUs;
  const bytes = await signSnapshot(meta, { version, expiresUs }, [shelf.key]);
  await writeRoot(shelf, next.root);
  await writeMetadata(shelf, metadataFile("snapshot", version), bytes);
  const state = { root: next.root, targets, snapshot: { version, expiresUs, bytes } };
  return await stamp(shelf, state, (before?.timestamp.version ?? 0) + 1);
}

async function writeRoot(shelf: RegistryShelf, root: Bytes): Promise<void> {
  await writeMetadata(shelf, metadataFile("root", parseRoot(root).signed.version), root);
  await writeMetadata(shelf, "root.json", root);
}

const read = async (shelf: RegistryShelf, file: string): Promise<Bytes> =>
  Uint8Array.from(await shelf.fileSystem.read(pathOf(shelf, file)));
