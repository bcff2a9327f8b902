import { EdgeloopError } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { nativeAvailable } from "@edgeloop/core/runtime/node";
import { backendChoices, backendSummary } from "./backend-names.ts";

/** Reads the name of a backend. @throws `USAGE` for another name. */
export function parseBackend(name: string): "auto" | Backend {
  const found = backendChoices.find((choice) => choice === name);
  if (found !== undefined) return found;
  throw new EdgeloopError("USAGE", `--backend must be ${backendSummary}, not "${name}"`);
}

/** Reads `--backend` of a command that trains: `auto` is native where it loads. @throws `USAGE` for another name. */
export async function readBackend(name: string): Promise<Backend> {
  const found = parseBackend(name);
  if (found !== "auto") return found;
  return (await nativeAvailable()) ? "native" : "wasm";
}
