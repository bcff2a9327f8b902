import type { Tensors } from "../graph/tensor.ts";
import { messageOf } from "../platform/errors.ts";
import type { Rng } from "../platform/random.ts";
import type { Trial } from "./backend-trial.ts";
import { largestDifference } from "./difference.ts";
import { randomLike } from "./random-feeds.ts";
import type { Backend, Session } from "./session.ts";

/** A backend that may be chosen, and how a model opens on it. */
export type Candidate = {
  readonly backend: Backend;
  readonly threads: number;
  readonly open: () => Promise<Session>;
};

/** What candidates are tried on. */
export type TryOptions = {
  /** Feeds on which results are compared, at least one. */
  readonly golden: readonly Tensors[];
  /** Largest difference from the reference that is right, relative to the largest output. */
  readonly differenceMax: number;
  /** For the data that time is measured on. */
  readonly rng: Rng;
  /** A monotonic clock. */
  readonly nowUs: () => number;
};

/** Turns that each candidate gets. */
const rounds = 9;

/** A candidate so much slower than the reference is not worth more turns than one. */
const hopelessRatio = 5;

type Contender = { readonly candidate: Candidate; readonly session: Session };
type Verified = Contender & { readonly difference: number };

/**
 * Verifies candidates against a reference on golden feeds, then measures the right ones in turns on random data.
 *
 * @returns A trial for each, the reference's first.
 * @throws What the reference throws: without it nothing can be verified.
 */
export async function tryBackends(
  reference: Candidate,
  others: readonly Candidate[],
  options: TryOptions,
): Promise<readonly Trial[]> {
  const opened: Session[] = [];
  const open = async (candidate: Candidate): Promise<Session> => {
    const session = await candidate.open();
    opened.push(session);
    return session;
  };
  try {
    const session = await open(reference);
    const expected: Tensors[] = [];
    for (const feeds of options.golden) expected.push(await session.run(feeds));
    const right: Verified[] = [{ candidate: reference, session, difference: 0 }];
    const trials = new Map<Candidate, Trial>();
    for (const candidate of others) {
      const verdict = await verify(candidate, () => open(candidate), { expected, options });
      if ("session" in verdict) right.push(verdict);
      else trials.set(candidate, verdict);
    }
    const mediansUs = await measure(right, options);
    for (const [at, { candidate, difference }] of right.entries()) {
      const { backend, threads } = candidate;
      const medianUs = mediansUs[at] ?? Number.NaN;
      trials.set(candidate, { backend, threads, kind: "right", medianUs, difference });
    }
    return [reference, ...others].flatMap((candidate) => trials.get(candidate) ?? []);
  } finally {
    for (const session of opened) await session.dispose();
  }
}

async function verify(
  candidate: Candidate,
  open: () => Promise<Session>,
  { expected, options }: { readonly expected: readonly Tensors[]; readonly options: TryOptions },
): Promise<Verified | Trial> {
  const { backend, threads } = candidate;
  try {
    const session = await open();
    let difference = 0;
    for (const [at, feeds] of options.golden.entries()) {
      const results = await session.run(feeds);
      difference = Math.max(difference, largestDifference(expected[at] ?? {}, results));
    }
    if (difference <= options.differenceMax) return { candidate, session, difference };
    return { backend, threads, kind: "wrong", difference };
  } catch (error) {
    return { backend, threads, kind: "failed", why: messageOf(error) };
  }
}

/** Takes turns, so that a busy moment of the machine hits all of them. */
async function measure(
  contenders: readonly Contender[],
  { golden, rng, nowUs }: TryOptions,
): Promise<readonly number[]> {
  const feeds = golden.map((tensors) => randomLike(tensors, rng));
  const once = async ({ session }: Contender): Promise<number> => {
    const startUs = nowUs();
    for (const tensors of feeds) await session.run(tensors);
    return (nowUs() - startUs) / feeds.length;
  };
  const timesUs: number[][] = [];
  for (const contender of contenders) timesUs.push([await once(contender)]);
  const [referenceUs = 0] = timesUs[0] ?? [];
  for (let round = 1; round < rounds; round += 1) {
    for (const [at, contender] of contenders.entries()) {
      const times = timesUs[at] ?? [];
      const isHopeless = (times[0] ?? 0) > hopelessRatio * referenceUs;
      if (at === 0 || !isHopeless) times.push(await once(contender));
    }
  }
  return timesUs.map(median);
}

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
