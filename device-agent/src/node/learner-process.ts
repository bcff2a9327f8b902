import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { getPriority, setPriority } from "node:os";
import type { Log } from "@edgeloop/core/platform";
import type { PeerLink } from "@edgeloop/core/runtime/node";
import { connectPeer, nodeEndpoint } from "@edgeloop/core/runtime/node";
import type { LearnerProcess } from "../learner.ts";
import type { LearnerApi } from "../learner-protocol.ts";
import { learnerCallTimeoutMs, learnerMemoryIntervalMs } from "../limits.ts";
import type { Launch } from "./idle-class.ts";
import { idleLaunch, idleNice } from "./idle-class.ts";

/**
 * Starts the learner as a child process: nice, from nice 19 on in the idle scheduling class, first to go when memory
 * runs out, within its own memory limit.
 *
 * The heap's limit is V8's; the whole process, WebAssembly memory included, is watched and ended above the limit.
 */
export async function startLearnerProcess({
  memoryMaxMiB,
  nice,
  log,
}: {
  readonly memoryMaxMiB: number;
  readonly nice: number;
  readonly log: Log;
}): Promise<LearnerProcess> {
  const { file, args } = await launchOf(nice);
  const child = fork(new URL(import.meta.resolve("#learner")), {
    execPath: file,
    execArgv: [...args, ...inherited(process.execArgv), `--max-old-space-size=${memoryMaxMiB}`],
    serialization: "advanced", // Typed arrays cross as they are.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  yieldToOthers(child, nice);
  const exited = exitOf(child);
  const watch = watchMemory(child, memoryMaxMiB, log);
  await Promise.race([once(child, "spawn"), once(child, "error")]);
  const link: PeerLink = {
    endpoint: nodeEndpoint(child, (message) => {
      if (child.connected) child.send(message as object);
    }),
    exited,
    kill: () => child.kill("SIGKILL"),
  };
  const peer = connectPeer<LearnerApi>(link, learnerCallTimeoutMs);
  log.info("learner-started", { pid: child.pid });
  return {
    api: {
      chooseBackend: (request) => peer.call((remote) => remote.chooseBackend(request)),
      begin: (start) => peer.call((remote) => remote.begin(start)),
      add: (chunk) => peer.call((remote) => remote.add(chunk)),
      train: (blobs) => peer.call((remote) => remote.train(blobs)),
      calibrate: (task, model) => peer.call((remote) => remote.calibrate(task, model)),
      evaluate: (task, models, slice) =>
        peer.call((remote) => remote.evaluate(task, models, slice)),
    },
    async end() {
      clearInterval(watch);
      child.kill("SIGKILL");
      await exited;
    },
  };
}

const asItIs: Launch = { file: process.execPath, args: [] };
let lastOfAll: Promise<Launch> | undefined;

/** Tried once: what a container denies does not change while the daemon runs. */
function launchOf(nice: number): Promise<Launch> {
  if (nice < idleNice) return Promise.resolve(asItIs);
  lastOfAll ??= idleLaunch(process.execPath);
  return lastOfAll;
}

/** Finds out how learners start, before there are windows: starting any process holds those up. */
export async function prepareLearners({ nice }: { readonly nice: number }): Promise<void> {
  await launchOf(nice);
}

/**
 * Puts a process that has just started behind everything else.
 *
 * Linux keeps the nice value by thread (sched(7)), and threads inherit it when they are made: set later, by the process
 * itself, it would leave out those that compile and collect garbage, and all of the loading.
 */
function yieldToOthers({ pid }: ChildProcess, nice: number): void {
  if (pid === undefined) return;
  try {
    // Never more urgent than the daemon: that would need a privilege.
    setPriority(pid, Math.max(getPriority(), nice));
  } catch {
    // It has ended already, and its end is told.
  }
}

/** The source condition and the like hold in the child too; an inspector's port cannot be shared. */
const inherited = (args: readonly string[]): readonly string[] =>
  args.filter((arg) => !arg.startsWith("--inspect") && !arg.startsWith("--max-old-space-size"));

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(`learner ended with ${signal ?? code}`));
  });
}

function watchMemory(child: ChildProcess, memoryMaxMiB: number, log: Log): NodeJS.Timeout {
  const check = async (): Promise<void> => {
    const residentMiB = await residentMemoryMiB(child.pid);
    if (residentMiB === undefined || residentMiB <= memoryMaxMiB) return;
    log.warn("learner-too-large", { residentMiB, memoryMaxMiB });
    child.kill("SIGKILL");
  };
  const timer = setInterval(() => void check(), learnerMemoryIntervalMs);
  timer.unref();
  return timer;
}

/** Reads a process's resident memory; `undefined` where there is no /proc, or no such process any more. */
async function residentMemoryMiB(pid: number | undefined): Promise<number | undefined> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  const kibibytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return kibibytes === undefined ? undefined : Number(kibibytes) / 1024;
}
