import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** How a program is started: the executable, and its arguments up to the program's own. */
export type Launch = { readonly file: string; readonly args: readonly string[] };

/** Nice value from which on a process runs only when nothing else wants the processor. */
export const idleNice = 19;

/** Where Debian and Alpine put it. */
const chrtFiles: readonly string[] = ["/usr/bin/chrt", "/bin/chrt"];
const idlePolicy: readonly string[] = ["-i", "0"];
const tryTimeoutMs = 5_000;

/**
 * Tells how to start a program in Linux's idle scheduling class; without `chrt`, or where it is denied, as it is.
 *
 * A nice value only shares the processor out: a thread of nice 19 that runs is left to finish its slice when a window
 * arrives, several times on the way to a prediction. One of the idle class is interrupted at once (sched(7),
 * SCHED_IDLE). With six gateways training on two cores p99 went from 20.2 to 11.2 ms (docs/benchmarks.md).
 */
export async function idleLaunch(
  program: string,
  files: readonly string[] = chrtFiles,
): Promise<Launch> {
  for (const file of files) {
    if (await works(file)) return { file, args: [...idlePolicy, program] };
  }
  return { file: program, args: [] };
}

/** Policies are denied where a container forbids the system call, which only a try shows. */
async function works(file: string): Promise<boolean> {
  try {
    await promisify(execFile)(file, [...idlePolicy, "true"], { timeout: tryTimeoutMs });
    return true;
  } catch {
    return false;
  }
}
