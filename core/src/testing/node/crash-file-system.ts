import { basename, dirname } from "node:path";
import { EdgeloopError } from "../../platform/errors.ts";
import type { FileSystem } from "../../platform/node/file-system.ts";

type Inode = { volatile: Uint8Array; durable: Uint8Array };
type Names = Map<string, Inode>;

/** What a power cut leaves of what was not synced. */
export type Survival = {
  /** Content that was written but not synced. */
  readonly content: "kept" | "lost";
  /** Names that were made, renamed or removed in a directory that was not synced. */
  readonly names: "kept" | "lost";
};

/** Every mixture that a real file system may leave. */
export const survivals: readonly Survival[] = [
  { content: "kept", names: "kept" },
  { content: "kept", names: "lost" },
  { content: "lost", names: "kept" },
  { content: "lost", names: "lost" },
];

/** A file system in memory that loses power. */
export type CrashFileSystem = FileSystem & {
  /** Calls that changed something so far. */
  readonly steps: number;
  /** Lets `steps` more changing calls pass and fails from then on; a write that fails is half done. */
  cutAfter(steps: number): void;
  /** The file system as the next start finds it. */
  restart(survival: Survival): CrashFileSystem;
};

const lost = (): EdgeloopError => new EdgeloopError("POWER_CUT", "the power is gone");
const absent = (path: string): EdgeloopError =>
  new EdgeloopError("ENOENT", "no such file", { details: { path } });

/** Builds an empty file system that tells synced from unsynced, as POSIX allows a disk to. */
export function crashFileSystem(initial: Names = new Map()): CrashFileSystem {
  const names: Names = new Map(initial);
  let durableNames: Names = new Map(initial);
  let steps = 0;
  let stepsMax = Number.POSITIVE_INFINITY;
  const step = (): boolean => {
    steps += 1;
    return steps <= stepsMax;
  };
  const change = async (apply: () => void): Promise<void> => {
    await Promise.resolve();
    if (!step()) throw lost();
    apply();
  };
  const find = (path: string): Inode => {
    const inode = names.get(path);
    if (!inode) throw absent(path);
    return inode;
  };
  return {
    get steps() {
      return steps;
    },
    cutAfter(more) {
      stepsMax = steps + more;
    },
    restart({ content, names: kept }) {
      const survivors = kept === "kept" ? names : durableNames;
      const entries = [...survivors].map(([path, inode]): [string, Inode] => {
        const bytes = content === "kept" ? inode.volatile : inode.durable;
        return [path, { volatile: bytes, durable: bytes }];
      });
      return crashFileSystem(new Map(entries));
    },
    async create(path) {
      const inode: Inode = { volatile: new Uint8Array(), durable: new Uint8Array() };
      await change(() => names.set(path, inode));
      return {
        async write(bytes) {
          await Promise.resolve();
          const whole = step();
          const part = whole ? bytes : bytes.subarray(0, bytes.length >> 1);
          inode.volatile = Uint8Array.from([...inode.volatile, ...part]);
          if (!whole) throw lost();
        },
        sync: () =>
          change(() => {
            inode.durable = inode.volatile;
          }),
        close: () => Promise.resolve(),
      };
    },
    async read(path) {
      await Promise.resolve();
      return find(path).volatile;
    },
    exists: (path) => Promise.resolve(names.has(path)),
    rename: (from, to) =>
      change(() => {
        names.set(to, find(from));
        names.delete(from);
      }),
    link: (from, to) =>
      change(() => {
        names.set(to, find(from));
      }),
    remove: (path) =>
      change(() => {
        names.delete(path);
      }),
    makeDirectory: () => Promise.resolve(),
    list: (directory) =>
      Promise.resolve(
        [...names.keys()].filter((p) => dirname(p) === directory).map((p) => basename(p)),
      ),
    syncDirectory: (directory) =>
      change(() => {
        const elsewhere = [...durableNames].filter(([path]) => dirname(path) !== directory);
        const here = [...names].filter(([path]) => dirname(path) === directory);
        durableNames = new Map([...elsewhere, ...here]);
      }),
  };
}
