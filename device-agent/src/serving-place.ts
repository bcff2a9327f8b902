import type { Log } from "@edgeloop/core/platform";
import type { Classifier } from "./classifier.ts";

/** Where the serving model stands. */
export type ServingPlace = {
  current(): Classifier | undefined;
  /** Puts another model there and closes the one before. */
  swap(next: Classifier | undefined): void;
  close(): Promise<void>;
};

/** Builds the place; what is put there after its close is closed too. */
export function servingPlace({
  onChange,
  log,
}: {
  /** Called after another model began to serve. */
  readonly onChange: (classifier: Classifier | undefined) => void;
  readonly log: Log;
}): ServingPlace {
  let current: Classifier | undefined;
  let isClosed = false;
  const dispose = (old: Classifier | undefined): void => {
    old?.dispose().catch((error: unknown) => log.warn("model-dispose-failed", { error }));
  };
  return {
    current: () => current,
    swap(next) {
      if (isClosed) {
        dispose(next);
        return;
      }
      const old = current;
      current = next;
      onChange(next);
      dispose(old);
    },
    async close() {
      isClosed = true;
      const last = current;
      current = undefined;
      await last?.dispose();
    },
  };
}
