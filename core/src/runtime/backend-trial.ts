import type { Backend } from "./session.ts";

/** How one backend with one number of threads did on a model, on this machine. */
export type Trial = { readonly backend: Backend; readonly threads: number } & (
  | {
      readonly kind: "right";
      /** Median time of a run, in microseconds. */
      readonly medianUs: number;
      /** Largest difference from the reference, relative to the largest output; 0 for the reference. */
      readonly difference: number;
    }
  | { readonly kind: "wrong"; readonly difference: number }
  | { readonly kind: "failed" | "unavailable"; readonly why: string }
);

/** Which backend a model runs on here, and why. */
export type BackendChoice = {
  readonly backend: Backend;
  readonly threads: number;
  /** One or more sentences for people: the times, and what was dropped for which reason. */
  readonly why: string;
  /** What was tried, the reference first. */
  readonly trials: readonly Trial[];
};

/** A backend has to be this much faster than the reference: native code can take a process down, wasm cannot. */
export const speedupMin = 1.1;

/**
 * More threads have to be this much faster than one: they burn time of the processor that others want, and lose two- or
 * threefold when the other cores are busy.
 */
export const threadSpeedupMin = 1.3;

/**
 * Chooses from what was tried.
 *
 * @param trials The reference first: `wasm` with one thread, wherever it runs the model.
 * @example
 * const wasm = { backend: "wasm", threads: 1, kind: "right", medianUs: 90, difference: 0 };
 * const native = { backend: "native", threads: 1, kind: "right", medianUs: 30, difference: 1e-7 };
 * const { backend, why } = decideBackend([wasm, native]);
 * [backend, why]; // => ["native", "native is 3.0 times as fast as wasm (30 against 90 us a run), results within 1e-7"]
 */
export function decideBackend(trials: readonly Trial[]): BackendChoice {
  const [reference] = trials;
  const dropped = trials.flatMap((trial) => (trial.kind === "right" ? [] : [whyDropped(trial)]));
  if (reference?.kind !== "right") {
    const { backend = "wasm", threads = 1 } = reference ?? {};
    return { backend, threads, why: sentences(["nothing could be verified", ...dropped]), trials };
  }
  const right = trials.filter((trial) => trial.kind === "right");
  const single = fastest(right.filter((trial) => trial.threads === 1)) ?? reference;
  const best = single.medianUs * speedupMin <= reference.medianUs ? single : reference;
  const threaded = fastest(right.filter((trial) => trial.threads > 1));
  const chosen =
    threaded !== undefined && threaded.medianUs * threadSpeedupMin <= best.medianUs
      ? threaded
      : best;
  const { backend, threads } = chosen;
  return { backend, threads, why: sentences([whyChosen(chosen, right), ...dropped]), trials };
}

type Right = Extract<Trial, { readonly kind: "right" }>;

const fastest = (trials: readonly Right[]): Right | undefined =>
  trials.toSorted((a, b) => a.medianUs - b.medianUs)[0];

const nameOf = ({ backend, threads }: Pick<Trial, "backend" | "threads">): string =>
  threads === 1 ? backend : `${backend} with ${threads} threads`;

function whyChosen(chosen: Right, right: readonly Right[]): string {
  const other = fastest(right.filter((trial) => trial !== chosen));
  if (other === undefined) return `${nameOf(chosen)} takes ${us(chosen)} us a run`;
  const reference = right[0] ?? other;
  const against = chosen === reference ? other : reference;
  const ratio = against.medianUs / chosen.medianUs;
  const times = `${us(chosen)} against ${us(against)} us a run`;
  if (chosen === reference && ratio < 1) {
    return `${nameOf(other)} is not enough faster than ${nameOf(chosen)} (${us(other)} against ${us(chosen)} us a run)`;
  }
  const difference = Math.max(chosen.difference, against.difference).toPrecision(1);
  return `${nameOf(chosen)} is ${ratio.toFixed(1)} times as fast as ${nameOf(against)} (${times}), results within ${difference}`;
}

const us = ({ medianUs }: Right): string => medianUs.toFixed(0);

function whyDropped(trial: Exclude<Trial, Right>): string {
  switch (trial.kind) {
    case "wrong":
      return `${nameOf(trial)} differs by ${trial.difference.toPrecision(2)} of the largest output`;
    case "failed":
      return `${nameOf(trial)} failed: ${trial.why}`;
    default:
      return `${nameOf(trial)} is not available: ${trial.why}`;
  }
}

const sentences = (parts: readonly string[]): string => parts.join("; ");
