import type { Clock, Statement, Store } from "@edgeloop/core/platform";
import { hasCode } from "@edgeloop/core/platform";
import { fullRetryIntervalMs } from "./limits.ts";

/** What became of a commit: a full disk is expected and stops nothing but learning. */
export type CommitOutcome = "stored" | "full";

/** A store's commits, on a disk that may be full. */
export type DiskGuard = {
  /** Commits; while the disk is full only one attempt in `fullRetryIntervalMs` reaches it. */
  commit(statements: readonly Statement[]): Promise<CommitOutcome>;
  /** Says that something else met a full disk. */
  noticeFull(): void;
  isFull(): boolean;
};

/**
 * Watches commits for a full disk.
 *
 * @param options `onChange`: the disk became full, or has room again. `onFailed`: the store is gone for good.
 */
export function guardDisk(
  store: Pick<Store, "commit">,
  {
    clock,
    onChange,
    onFailed = () => undefined,
  }: {
    readonly clock: Clock;
    readonly onChange: (full: boolean) => void;
    readonly onFailed?: (error: unknown) => void;
  },
): DiskGuard {
  let fullSinceMs: number | undefined;
  const became = (full: boolean): void => {
    const was = fullSinceMs !== undefined;
    fullSinceMs = full ? clock.monotonicMs() : undefined;
    if (was !== full) onChange(full);
  };
  return {
    isFull: () => fullSinceMs !== undefined,
    noticeFull: () => became(true),
    async commit(statements) {
      if (fullSinceMs !== undefined && clock.monotonicMs() - fullSinceMs < fullRetryIntervalMs) {
        return "full";
      }
      try {
        await store.commit(statements);
      } catch (error) {
        if (hasCode(error, "STORE_FAILED")) onFailed(error);
        if (!hasCode(error, "STORE_FULL")) throw error;
        became(true);
        return "full";
      }
      became(false);
      return "stored";
    },
  };
}
