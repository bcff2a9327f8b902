import type { Sha256 } from "@edgeloop/core/platform";

/** How the trials of models ended, for who waits for that. */
export type TrialVerdicts = {
  /** Resolves when the model's trial is over, true when it was confirmed. */
  wait(identity: Sha256): Promise<boolean>;
  decide(identity: Sha256, isConfirmed: boolean): void;
};

/** Builds the verdicts; one that nobody waits for is not kept. */
export function trialVerdicts(): TrialVerdicts {
  const waiting = new Map<Sha256, PromiseWithResolvers<boolean>>();
  return {
    wait(identity) {
      const verdict = waiting.get(identity) ?? Promise.withResolvers<boolean>();
      waiting.set(identity, verdict);
      return verdict.promise;
    },
    decide(identity, isConfirmed) {
      waiting.get(identity)?.resolve(isConfirmed);
      waiting.delete(identity);
    },
  };
}
