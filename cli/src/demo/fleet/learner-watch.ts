import { readdirSync, readFileSync } from "node:fs";

/**
 * Tells whether a gateway is training right now: whether its learner process is alive.
 *
 * Asked of the operating system, not of the gateway. Linux only; elsewhere the answer is no.
 *
 * @param pid The gateway's process.
 */
export const isLearning = (pid: number | undefined): boolean =>
  pid !== undefined && childrenOf(pid).some((child) => commandOf(child).includes("learner"));

/** Child processes, whichever thread started them (proc(5): `/proc/pid/task/tid/children`). */
export function childrenOf(pid: number): readonly number[] {
  return read(() => readdirSync(`/proc/${pid}/task`), []).flatMap((thread) =>
    read(() => readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8"), "")
      .split(" ")
      .filter((id) => id !== "")
      .map(Number),
  );
}

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
