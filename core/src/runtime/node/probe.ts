import { execFile } from "node:child_process";
import { graphBuilder } from "../../graph/builder.ts";
import { encodeOnnx } from "../../graph/onnx-write.ts";
import type { NativeState } from "./native-state.ts";
import { nativeCrashesMax, nativeKey, readNativeState, writeNativeState } from "./native-state.ts";

/** Whether a backend can be used here, and if not, why. */
export type Availability =
  | { readonly kind: "available" }
  | { readonly kind: "unavailable"; readonly reason: string };

/** How a trial in a child process ended. */
export type TrialOutcome =
  | { readonly kind: "ok" }
  | { readonly kind: "failed" | "crashed"; readonly reason: string };

/** How native code is probed. */
export type ProbeOptions = {
  /** Where crashes are remembered; without it every call asks a child process. */
  readonly stateFile?: string;
  /** The trial; a child process when absent. */
  readonly trial?: () => Promise<TrialOutcome>;
};

/** A child that takes longer hangs, which counts as a crash. */
export const probeTimeoutMs = 20_000;

/**
 * Finds out whether onnxruntime-node works here, without risking this process: a child loads it and runs a graph.
 *
 * With a state file the answer is remembered, and after two crashes native code is not touched again until its version,
 * Node or the processor changes.
 */
export async function probeNative({
  stateFile,
  trial = tryInChild,
}: ProbeOptions = {}): Promise<Availability> {
  if (stateFile === undefined) return answer(await trial());
  const state = await readNativeState(stateFile, await nativeKey());
  if (state.crashes >= nativeCrashesMax) {
    return { kind: "unavailable", reason: `native code crashed ${state.crashes} times here` };
  }
  if (state.probed) return { kind: "available" };
  const outcome = await trial();
  await writeNativeState(stateFile, after(state, outcome));
  return answer(outcome);
}

/** Tells whether the `native` backend can be used; see {@link probeNative}. */
export async function nativeAvailable(options: ProbeOptions = {}): Promise<boolean> {
  return (await probeNative(options)).kind === "available";
}

const after = (state: NativeState, outcome: TrialOutcome): NativeState => ({
  ...state,
  probed: outcome.kind === "ok",
  crashes: state.crashes + (outcome.kind === "crashed" ? 1 : 0),
});

const answer = (outcome: TrialOutcome): Availability =>
  outcome.kind === "ok" ? { kind: "available" } : { kind: "unavailable", reason: outcome.reason };

const script = `
const [url, model] = process.argv.slice(-2);
const { InferenceSession, Tensor } = await import(url);
const session = await InferenceSession.create(Buffer.from(model, "base64"), { logSeverityLevel: 4 });
const { y } = await session.run({ x: new Tensor("float32", Float32Array.of(21), [1]) });
process.exitCode = y.data[0] === 42 ? 0 : 3;
`;

function tryInChild(): Promise<TrialOutcome> {
  let url: string;
  try {
    url = import.meta.resolve("onnxruntime-node");
  } catch {
    return Promise.resolve({ kind: "failed", reason: "onnxruntime-node is not installed" });
  }
  return runScript([url, Buffer.from(encodeOnnx(doublingGraph())).toString("base64")]);
}

function runScript(args: readonly string[]): Promise<TrialOutcome> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ["--input-type=module", "--eval", script, ...args],
      { timeout: probeTimeoutMs, killSignal: "SIGKILL", env: { ...process.env, NODE_OPTIONS: "" } },
      (error, _stdout, stderr) => {
        if (error === null) resolve({ kind: "ok" });
        else if (error.killed) resolve({ kind: "crashed", reason: "the probe hung" });
        else if (error.signal)
          resolve({ kind: "crashed", reason: `the probe ended by ${error.signal}` });
        else resolve({ kind: "failed", reason: lastErrorLine(stderr) });
      },
    );
  });
}

const lastErrorLine = (stderr: string): string =>
  stderr.split("\n").findLast((line) => /Error/.test(line)) ?? "the probe failed without a word";

function doublingGraph(): ReturnType<ReturnType<typeof graphBuilder>["build"]> {
  const b = graphBuilder("probe");
  const x = b.input({ name: "x", dtype: "float32", shape: [1] });
  b.add("Add", [x, x], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [1] });
  return b.build();
}
