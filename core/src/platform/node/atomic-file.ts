import { dirname } from "node:path";
import { hasCode } from "../errors.ts";
import type { FileSystem } from "./file-system.ts";
import { nodeFileSystem } from "./file-system.ts";

/** How a file is replaced. */
export type AtomicWriteOptions = {
  /** Keeps what the file held before under `<path>.prev`, for {@link readFileOrPrevious}. */
  readonly keepPrevious?: boolean;
  readonly fileSystem?: FileSystem;
};

const turns = new Map<string, Promise<void>>();

/**
 * Replaces a file so that a power cut at any moment leaves the old content or the new, never neither.
 *
 * Writes `<path>.tmp`, syncs it, renames it over `path` and syncs the directory: a rename is durable only once its
 * directory is. Writes to one path take turns, within this process.
 *
 * Throws what the file system throws, on a full disk for instance; the old content then still stands.
 */
export async function writeFileAtomic(
  path: string,
  bytes: Uint8Array,
  options: AtomicWriteOptions = {},
): Promise<void> {
  const before = turns.get(path) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(() => replace(path, bytes, options));
  turns.set(path, mine);
  try {
    await mine;
  } finally {
    if (turns.get(path) === mine) turns.delete(path);
  }
}

async function replace(
  path: string,
  bytes: Uint8Array,
  options: AtomicWriteOptions,
): Promise<void> {
  const { keepPrevious = false, fileSystem = nodeFileSystem } = options;
  const temporary = `${path}.tmp`;
  try {
    await writeSynced(temporary, bytes, fileSystem);
    if (keepPrevious) await keep(path, fileSystem);
    await fileSystem.rename(temporary, path);
    await fileSystem.syncDirectory(dirname(path));
  } catch (error) {
    // Frees the space at once; what stopped the write matters more than whether this works.
    await fileSystem.remove(temporary).catch(() => undefined);
    throw error;
  }
}

async function writeSynced(path: string, bytes: Uint8Array, fileSystem: FileSystem): Promise<void> {
  const file = await fileSystem.create(path);
  try {
    await file.write(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

// A second name and a rename, so that `path` itself is there at every moment.
async function keep(path: string, fileSystem: FileSystem): Promise<void> {
  const second = `${path}.prev.tmp`;
  await fileSystem.remove(second);
  try {
    await fileSystem.link(path, second);
  } catch (error) {
    if (hasCode(error, "ENOENT")) return;
    throw error;
  }
  await fileSystem.rename(second, `${path}.prev`);
}

/**
 * Reads a file that was written with `keepPrevious`, and falls back to its previous content when it is damaged.
 *
 * @param parse Throws when the bytes are not what was written: verify a checksum inside.
 * @returns What `parse` made of it, and which content that was; `undefined` when neither file exists.
 * @throws What `parse` threw on the newer content, when the previous one is no better.
 */
export async function readFileOrPrevious<T>(
  path: string,
  parse: (bytes: Uint8Array) => T,
  fileSystem: FileSystem = nodeFileSystem,
): Promise<{ readonly value: T; readonly from: "current" | "previous" } | undefined> {
  const current = await attempt(path, parse, fileSystem);
  if (current.kind === "read") return { value: current.value, from: "current" };
  const previous = await attempt(`${path}.prev`, parse, fileSystem);
  if (previous.kind === "read") return { value: previous.value, from: "previous" };
  if (current.kind === "damaged") throw current.error;
  if (previous.kind === "damaged") throw previous.error;
  return undefined;
}

type Attempt<T> =
  | { readonly kind: "read"; readonly value: T }
  | { readonly kind: "absent" }
  | { readonly kind: "damaged"; readonly error: unknown };

async function attempt<T>(
  path: string,
  parse: (bytes: Uint8Array) => T,
  fileSystem: FileSystem,
): Promise<Attempt<T>> {
  try {
    return { kind: "read", value: parse(await fileSystem.read(path)) };
  } catch (error) {
    return hasCode(error, "ENOENT") ? { kind: "absent" } : { kind: "damaged", error };
  }
}
