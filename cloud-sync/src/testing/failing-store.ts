import type { Statement, Store } from "@edgeloop/core/platform";
import { EdgeloopError } from "@edgeloop/core/platform";
import { memoryStore } from "@edgeloop/core/testing";

/** How writes fail. */
export type StoreFault = {
  /** Fails writes that carry this text. */
  readonly text: string;
  readonly code: string;
  /** The failure is told of a write that reached the disk all the same. */
  readonly isWritten?: boolean;
  /** How often; absent: until another fault is set. */
  readonly times?: number;
};

/** A store in memory some of whose writes fail. */
export type FailingStore = Store & {
  /** Sets what fails from now on; nothing when absent. */
  fail(fault?: StoreFault): void;
};

/** Opens a store in memory that fails when told to. */
export function failingStore(): FailingStore {
  const store = memoryStore();
  let now: StoreFault | undefined;
  let left = 0;
  return {
    ...store,
    async commit(statements) {
      if (now === undefined || left === 0 || !carries(statements, now.text)) {
        return await store.commit(statements);
      }
      left -= 1;
      if (now.isWritten) await store.commit(statements);
      throw new EdgeloopError(now.code, "the disk does not take this");
    },
    fail(fault) {
      now = fault;
      left = fault?.times ?? Number.POSITIVE_INFINITY;
    },
  };
}

const carries = (statements: readonly Statement[], text: string): boolean =>
  JSON.stringify(statements.map(({ params }) => params?.map(String))).includes(
    JSON.stringify(text).slice(1, -1),
  );
