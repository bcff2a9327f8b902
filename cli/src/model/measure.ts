import { setImmediate as turn } from "node:timers/promises";
import type { Tensors } from "@edgeloop/core/graph";
import { seededRng } from "@edgeloop/core/platform";
import type { Backend, Session } from "@edgeloop/core/runtime";
import { randomFeeds } from "@edgeloop/core/runtime";
import { percentile } from "@edgeloop/core/statistics";

/** What a backend takes for a model, in a process that has done nothing else. */
export type Measurement = {
  readonly backend: Backend;
  readonly threads: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly runs: number;
  /** Loading the runtime and the model, and the first run. */
  readonly startMs: number;
  /** What the process grew by, at its largest. */
  readonly memoryMiB: number;
};

/** How long runs go on, and how many there are. */
export type MeasureLimits = {
  readonly ms: number;
  readonly runsMin: number;
  readonly runsMax: number;
};

/** Half a second gives a 99th percentile of anything up to 5 ms; slower models get ten runs. */
export const measureLimits: MeasureLimits = { ms: 500, runsMin: 10, runsMax: 5000 };

/** Runs that compile and warm caches, and are not counted. */
const warmUps = 3;

/** Data that runs take turns on: int8 kernels take different times on different data. */
const feedsCount = 4;

/** Any; every backend is measured and compared on the same data. */
const seed = 20_260_102;

/** What is to be measured. */
export type Subject = {
  readonly backend: Backend;
  readonly threads: number;
  /** Size of the dimensions that the model leaves open. */
  readonly batch: number;
  readonly open: () => Promise<Session>;
};

/** Opens a model, measures it on made-up data, and gives its first results to be compared with others'. */
export async function measure(
  { backend, threads, batch, open }: Subject,
  limits: MeasureLimits = measureLimits,
): Promise<{ readonly measurement: Measurement; readonly results: Tensors }> {
  const rssBefore = process.memoryUsage.rss();
  const startMs = performance.now();
  const session = await open();
  try {
    const openMs = performance.now() - startMs;
    const rng = seededRng(seed);
    const feeds = Array.from({ length: feedsCount }, () =>
      randomFeeds(session.inputs, { rng, batch }),
    );
    const firstMs = performance.now();
    const results = await session.run(feeds[0] ?? {});
    const started = openMs + performance.now() - firstMs;
    const timesUs = await runFor(session, feeds, limits);
    const memory = { rss: Math.max(0, process.memoryUsage.rss() - rssBefore) };
    const sorted = Float64Array.from(timesUs).toSorted();
    const measurement: Measurement = {
      backend,
      threads,
      p50Us: percentile(sorted, 0.5),
      p99Us: percentile(sorted, 0.99),
      runs: timesUs.length,
      startMs: started,
      memoryMiB: memory.rss / 2 ** 20,
    };
    return { measurement, results };
  } finally {
    await session.dispose();
  }
}

async function runFor(
  session: Session,
  feeds: readonly Tensors[],
  { ms, runsMin, runsMax }: MeasureLimits,
): Promise<readonly number[]> {
  for (let run = 0; run < warmUps; run += 1) await session.run(feeds[run % feeds.length] ?? {});
  const timesUs: number[] = [];
  const endMs = performance.now() + ms;
  while (timesUs.length < runsMax && (timesUs.length < runsMin || performance.now() < endMs)) {
    const tensors = feeds[timesUs.length % feeds.length] ?? {};
    const fromMs = performance.now();
    await session.run(tensors);
    timesUs.push((performance.now() - fromMs) * 1000);
    // Signals and messages get their turn between runs, outside what is measured.
    if (timesUs.length % 100 === 0) await turn();
  }
  return timesUs;
}
