/** What the demo waits for, in order; the report shows it. */
export const phases = {
  setup: "setting up: keys, laboratory, first release",
  enrolling: "gateways enrol and fetch the first release",
  before: "before the change",
  changed: "the world has changed",
  learning: "federated rounds",
  rollout: "the new model goes out",
  recovered: "recovered",
  done: "done",
} as const;

/** Names a phase. */
export type Phase = keyof typeof phases;

/** A place to wait at. */
export type Waiting = {
  /** Resolves when `check` holds; asked whenever something happened. Rejects when that cannot come any more. */
  until(check: () => boolean): Promise<void>;
  /** Says that something happened. */
  poke(): void;
};

/**
 * Builds a place to wait at: conditions are looked at when something happens, not on a timer.
 *
 * @param give Aborts every wait, with its reason.
 * @param trouble Says why nothing that is waited for will come; every wait ends with it.
 */
export function waiting(
  give: AbortSignal,
  trouble: () => Error | undefined = () => undefined,
): Waiting {
  const waits = new Set<() => void>();
  return {
    poke: () => {
      for (const look of waits) look();
    },
    until: (check) =>
      new Promise((resolve, reject) => {
        const end = (): void => {
          waits.delete(look);
          give.removeEventListener("abort", stop);
        };
        const look = (): void => {
          const isThere = check();
          const why = isThere ? undefined : trouble();
          if (!isThere && why === undefined) return;
          end();
          if (why === undefined) resolve();
          else reject(why);
        };
        const stop = (): void => {
          end();
          reject(give.reason);
        };
        waits.add(look);
        give.addEventListener("abort", stop, { once: true });
        if (give.aborted) stop();
        else look();
      }),
  };
}
