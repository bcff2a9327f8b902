import { join } from "node:path";

import type { Log } from "@edgeloop/core/platform";
import { canonicalJson, codeOf, fromUtf8, isName, isSha256, utf8 } from "@edgeloop/core/platform";
import type { FileSystem } from "@edgeloop/core/platform/node";
import { readFileOrPrevious, sha256Sync, writeFileAtomic } from "@edgeloop/core/platform/node";

import type { AcceptedBundle } from "../ota-chain.ts";
import { otaError } from "../ota-error.ts";
import { metadataFile } from "../ota-names.ts";

/** Accepted bundles that a gateway remembers; a chain of rounds needs the newest of them only. */
export const acceptedBundlesMax = 1024;

/** What an updater remembers beside TUF's own files. */
export type OtaMemory = {
  readonly format: 1;
  /** Latest time at which an update was found fresh, microseconds UTC: time was at least that. */
  readonly seenUs: number;
  /** Oldest first. */
  readonly accepted: readonly AcceptedBundle[];
};

/** What an updater keeps on disk. Every file survives a power cut as the old or the new one. */
export type OtaStore = {
  /**
   * Reads a role's metadata, and what was there before it when that is damaged.
   *
   * @param parse Throws when the bytes are damaged or not trusted.
   * @returns `undefined` when nothing usable is there: it is fetched again.
   */
  read<T>(role: string, parse: (bytes: Uint8Array) => T): Promise<T | undefined>;
  write(role: string, bytes: Uint8Array): Promise<void>;
  /** Forgets a role's metadata, its previous one too. */
  forget(role: string): Promise<void>;
  readMemory(): Promise<OtaMemory>;
  writeMemory(memory: OtaMemory): Promise<void>;
};

const nothing: OtaMemory = { format: 1, seenUs: 0, accepted: [] };
const memoryFile = "memory.json";

/** Opens the files of an updater. Damaged ones are reported to `log` and then replaced. */
export async function openOtaStore(
  directory: string,
  { fileSystem, log }: { readonly fileSystem: FileSystem; readonly log: Log },
): Promise<OtaStore> {
  await fileSystem.makeDirectory(directory);
  const write = (file: string, bytes: Uint8Array): Promise<void> =>
    writeFileAtomic(join(directory, file), bytes, { keepPrevious: true, fileSystem });
  const read = async <T>(file: string, parse: (bytes: Uint8Array) => T): Promise<T | undefined> => {
    try {
      const found = await readFileOrPrevious(join(directory, file), parse, fileSystem);
      if (found?.from === "previous") log.warn("update file damaged", { file, used: "previous" });
      return found?.value;
    } catch (error) {
      log.warn("update file damaged", { file, code: codeOf(error) });
      return undefined;
    }
  };
  return {
    read: (role, parse) => read(metadataFile(role), parse),
    write: (role, bytes) => write(metadataFile(role), bytes),
    async forget(role) {
      for (const file of [metadataFile(role), `${metadataFile(role)}.prev`]) {
        await fileSystem.remove(join(directory, file));
      }
      await fileSystem.syncDirectory(directory);
    },
    readMemory: async () => (await read(memoryFile, parseMemory)) ?? nothing,
    writeMemory: (memory) => write(memoryFile, memoryBytes(memory)),
  };
}

/** Writes the memory behind its own hash: TUF's files carry signatures, this one would carry nothing. */
export function memoryBytes(memory: OtaMemory): Uint8Array<ArrayBuffer> {
  const text = canonicalJson(memory);
  return utf8(`${sha256Sync(utf8(text))}\n${text}`);
}

/** Reads the memory. @throws `OTA_MEMORY_DAMAGED`, `FORMAT_UNSUPPORTED` */
export function parseMemory(bytes: Uint8Array): OtaMemory {
  const hash = fromUtf8(bytes.subarray(0, 64));
  const text = bytes.subarray(65);
  if (bytes[64] !== 10 || sha256Sync(text) !== hash) {
    throw otaError("OTA_MEMORY_DAMAGED", "the updater's memory is damaged");
  }
  const { format, seenUs, accepted } = JSON.parse(fromUtf8(text));
  if (format !== 1) {
    throw otaError("FORMAT_UNSUPPORTED", "a newer version wrote the updater's memory", { format });
  }
  if (Number.isSafeInteger(seenUs) && Array.isArray(accepted) && accepted.every(isAccepted)) {
    return { format, seenUs, accepted };
  }
  throw otaError("OTA_MEMORY_DAMAGED", "the updater's memory is not one");
}

const isAccepted = (value: unknown): value is AcceptedBundle => {
  const { sha256, line, version, origin }: Record<string, unknown> = { ...Object(value) };
  return isSha256(sha256) && isName(line) && Number.isSafeInteger(version) && isSha256(origin);
};
