import { access, link, mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";

/** A file that is open for writing. */
export type WritableFile = {
  write(bytes: Uint8Array): Promise<void>;
  /** Resolves once content and size are on disk. */
  sync(): Promise<void>;
  close(): Promise<void>;
};

/** The calls that durability depends on, as an argument, so that a test can stop at each of them. */
export type FileSystem = {
  /** Creates or empties a file. */
  create(path: string): Promise<WritableFile>;
  read(path: string): Promise<Uint8Array>;
  exists(path: string): Promise<boolean>;
  rename(from: string, to: string): Promise<void>;
  /** Gives a file a second name. */
  link(from: string, to: string): Promise<void>;
  /** Removes a file; no error when it is absent. */
  remove(path: string): Promise<void>;
  makeDirectory(path: string): Promise<void>;
  /** Names in a directory, in no particular order. */
  list(directory: string): Promise<readonly string[]>;
  /** Resolves once the names in a directory are on disk. */
  syncDirectory(directory: string): Promise<void>;
};

/** The machine's own file system. */
export const nodeFileSystem: FileSystem = {
  async create(path) {
    const file = await open(path, "w");
    return {
      write: (bytes) => file.writeFile(bytes),
      sync: () => file.sync(),
      close: () => file.close(),
    };
  },
  read: (path) => readFile(path),
  exists: async (path) =>
    await access(path).then(
      () => true,
      () => false,
    ),
  rename,
  link,
  remove: (path) => rm(path, { force: true }),
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  list: (directory) => readdir(directory),
  async syncDirectory(path) {
    await using directory = await open(path, "r");
    await directory.sync();
  },
};
