import { readFileSync } from "node:fs";

/** A learner that got no processor for this long is not at work; a starved one gets some sooner. */
const restMs = 400;

/** Looks at the learner processes of gateways. */
export type LearnerWatch = {
  /** Tells whether a gateway is training at this moment. Ask often: it is judged from one look to the next. */
  isAtWork(pid: number | undefined): boolean;
};

/** What a gateway's learner had used of the processor, since when. */
type Look = { readonly learner: number; readonly ticks: number; readonly sinceMs: number };

/**
 * Watches whether gateways train: whether their learner process lives and has used the processor lately.
 *
 * Asked of the operating system, not of the gateway. Linux only; elsewhere the answer is no.
 */
export function learnerWatch(): LearnerWatch {
  const seen = new Map<number, Look>();
  return {
    isAtWork(pid) {
      if (pid === undefined) return false;
      const learner = childrenOf(pid).find(isLearner);
      if (learner === undefined) {
        seen.delete(pid);
        return false;
      }
      const now: Look = { learner, ticks: ticksOf(learner), sinceMs: performance.now() };
      const last = seen.get(pid);
      const hasRested = last?.learner === learner && last.ticks === now.ticks;
      if (!hasRested) seen.set(pid, now);
      return !hasRested || now.sinceMs - last.sinceMs < restMs;
    },
  };
}

const isLearner = (pid: number): boolean => commandOf(pid).includes("learner");

/** Processor time of a process in clock ticks: fields 14 and 15 of `/proc/pid/stat` (proc(5)). */
function ticksOf(pid: number): number {
  const stat = read(() => readFileSync(`/proc/${pid}/stat`, "utf8"), "");
  // The command in parentheses may hold spaces; the fields that count follow it.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0);
}

/**
 * Child processes of a Node process, which starts them in its main thread (proc(5): `/proc/pid/task/tid/children`).
 *
 * Looking at each of its thirty threads took the driver a tenth of a core, and the predictions that it times waited.
 */
export const childrenOf = (pid: number): readonly number[] =>
  read(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8"), "")
    .split(" ")
    .filter((id) => id !== "")
    .map(Number);

const commandOf = (pid: number): string =>
  read(() => readFileSync(`/proc/${pid}/cmdline`, "utf8"), "");

/** A process may end between two looks: then there is nothing to read, which is an answer. */
function read<T>(look: () => T, gone: T): T {
  try {
    return look();
  } catch {
    return gone;
  }
}
