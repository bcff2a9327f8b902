import { readFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import { utf8 } from "../../platform/bytes.ts";
import { writeFileAtomic } from "../../platform/node/atomic-file.ts";
import { packageVersion } from "./package-version.ts";

/** What is remembered of native code between starts of a process. */
export type NativeState = {
  readonly format: 1;
  /** The combination that was tried; another one starts afresh. */
  readonly key: string;
  readonly crashes: number;
  /** Whether a probe has succeeded. */
  readonly probed: boolean;
  /** Set while native code runs for the first time in a process: found at a start, it tells of a crash. */
  readonly trying: boolean;
};

/** After this many crashes native code is not loaded again: one may be chance, two are a pattern. */
export const nativeCrashesMax = 2;

/** Names what native code runs on: package, Node, architecture, processor. */
export async function nativeKey(): Promise<string> {
  const version = await packageVersion("onnxruntime-node");
  return [version ?? "none", process.version, arch(), cpus()[0]?.model ?? "unknown"].join(" | ");
}

/**
 * Reads the state; an absent, damaged or outdated file counts as none.
 *
 * A mark that a process left while it tried native code becomes a crash.
 */
export async function readNativeState(path: string, key: string): Promise<NativeState> {
  const fresh: NativeState = { format: 1, key, crashes: 0, probed: false, trying: false };
  const found = await readJson(path);
  if (!isState(found) || found.key !== key) return fresh;
  return found.trying ? { ...found, crashes: found.crashes + 1, trying: false } : found;
}

/** Writes the state, durably. */
export const writeNativeState = (path: string, state: NativeState): Promise<void> =>
  writeFileAtomic(path, utf8(JSON.stringify(state)));

/**
 * Counts a crash of native code that a supervisor saw, as the end of a child process by SIGSEGV, SIGILL or SIGABRT.
 */
export async function recordNativeCrash(path: string): Promise<void> {
  const state = await readNativeState(path, await nativeKey());
  await writeNativeState(path, { ...state, crashes: state.crashes + 1 });
}

/**
 * Does first work with native code under a mark on disk: if it takes the process down, the next start counts a crash.
 */
export async function tryNative<T>(path: string, work: () => Promise<T>): Promise<T> {
  const state = await readNativeState(path, await nativeKey());
  await writeNativeState(path, { ...state, trying: true });
  try {
    return await work();
  } finally {
    await writeNativeState(path, { ...state, trying: false });
  }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, "utf8"));
  } catch {
    return undefined;
  }
}

const isState = (value: unknown): value is NativeState =>
  typeof value === "object" &&
  value !== null &&
  "format" in value &&
  value.format === 1 &&
  "key" in value &&
  "crashes" in value &&
  Number.isSafeInteger(value.crashes);
