import { mkdir, readFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname } from "node:path";
import { utf8 } from "../../platform/bytes.ts";
import { writeFileAtomic } from "../../platform/node/atomic-file.ts";
import { sha256 } from "../../platform/sha256.ts";
import type { BackendChoice } from "../backend-trial.ts";
import { backends } from "./backends.ts";
import { packageVersion } from "./package-version.ts";

/** Where choices are remembered. */
export type ChoiceMemory = {
  read(key: string): Promise<BackendChoice | undefined>;
  write(key: string, choice: BackendChoice): Promise<void>;
};

/** Choices that a file keeps; the oldest go when there are more. */
export const choicesMax = 256;

/**
 * Names what a choice holds for: the model's bytes, the versions of all runtimes, the processor, the most threads.
 */
export async function choiceKey(model: Uint8Array, threads: number): Promise<string> {
  const packages = [...new Set(Object.values(backends).map((row) => row.package))];
  const versions = await Promise.all(packages.map(packageVersion));
  const parts = [await sha256(model), ...versions, cpus()[0]?.model, threads];
  return parts.map((part) => part ?? "none").join(" | ");
}

/** Remembers choices in a file; one that is absent or damaged costs one more measurement. */
export function fileMemory(path: string): ChoiceMemory {
  return {
    read: async (key) => (await readChoices(path))[key],
    async write(key, choice) {
      const { [key]: _replaced, ...others } = await readChoices(path);
      const kept = Object.entries(others).slice(1 - choicesMax);
      const choices = Object.fromEntries([...kept, [key, choice]]);
      await mkdir(dirname(path), { recursive: true });
      await writeFileAtomic(path, utf8(JSON.stringify({ format: 2, choices })));
    },
  };
}

/** What another version or a damaged file has left is no choice. */
function isChoice(entry: [string, unknown]): entry is [string, BackendChoice] {
  const { backend, threads } = (entry[1] ?? {}) as Partial<BackendChoice>;
  const isKnown = typeof backend === "string" && Object.hasOwn(backends, backend);
  return isKnown && Number.isSafeInteger(threads) && Number(threads) > 0;
}

async function readChoices(path: string): Promise<Readonly<Record<string, BackendChoice>>> {
  try {
    const { format, choices } = JSON.parse(await readFile(path, "utf8"));
    const isOurs = format === 2 && typeof choices === "object" && choices !== null;
    return isOurs ? Object.fromEntries(Object.entries(choices).filter(isChoice)) : {};
  } catch {
    return {};
  }
}
