import { execFile } from "node:child_process";
import { EdgeloopError } from "../../platform/errors.ts";
import type { Availability } from "./probe.ts";
import { probeTimeoutMs } from "./probe.ts";

/**
 * Gives Node a `navigator.gpu`, by Dawn from the optional peer dependency `webgpu`, and the names that go with it.
 *
 * Globals, because onnxruntime-web looks for them there; only a process that opens `webgpu` gets them.
 *
 * @throws `BACKEND_UNAVAILABLE` when the package does not load.
 */
export async function provideGpu(): Promise<void> {
  if (Reflect.has(navigator, "gpu")) return;
  try {
    const { create, globals } = await import("webgpu");
    Object.assign(globalThis, globals);
    Object.defineProperty(navigator, "gpu", { value: create([]), configurable: true });
  } catch (error) {
    throw unavailable(error);
  }
}

const unavailable = (cause: unknown): EdgeloopError =>
  new EdgeloopError(
    "BACKEND_UNAVAILABLE",
    "webgpu does not load here; install it with `npm install --ignore-scripts webgpu@0.6.2`, or use wasm",
    { cause },
  );

const script = `
const { create } = await import(process.argv.at(-1));
process.exitCode = (await create([]).requestAdapter()) === null ? 3 : 0;
`;

/** Finds out in a child process whether there is an adapter: drivers crash, too. */
export function probeGpu(): Promise<Availability> {
  let url: string;
  try {
    url = import.meta.resolve("webgpu");
  } catch {
    return Promise.resolve({ kind: "unavailable", reason: "webgpu is not installed" });
  }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--input-type=module", "--eval", script, url],
      { timeout: probeTimeoutMs, killSignal: "SIGKILL", env: { ...process.env, NODE_OPTIONS: "" } },
      (error) => resolve(error === null ? { kind: "available" } : absent(error)),
    );
  });
}

function absent(
  error: Error & { readonly code?: unknown; readonly signal?: unknown },
): Availability {
  const noAdapter = "it finds no adapter: a Vulkan driver for this GPU is missing";
  if (error.code === 3) return { kind: "unavailable", reason: noAdapter };
  return {
    kind: "unavailable",
    reason: `looking for an adapter ended by ${error.signal ?? error.code}`,
  };
}
