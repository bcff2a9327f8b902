import { EdgeloopError } from "@edgeloop/core/platform";
import type { Backend } from "@edgeloop/core/runtime";
import { nativeAvailable } from "@edgeloop/core/runtime/node";

const choices = ["auto", "native", "wasm"] as const;

/** Reads `--backend`: `auto` is native where it loads. @throws `USAGE` for another name. */
export async function readBackend(name: string): Promise<Backend> {
  const found = choices.find((choice) => choice === name);
  if (found === undefined) {
    throw new EdgeloopError("USAGE", `--backend must be ${choices.join(", ")}, not "${name}"`);
  }
  if (found !== "auto") return found;
  return (await nativeAvailable()) ? "native" : "wasm";
}
