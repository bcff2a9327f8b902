import { availableParallelism } from "node:os";

/**
 * Runs jobs a few at a time, as many as there are processors but one a job; results in the order of the jobs.
 *
 * The first failure ends it.
 */
export async function inParallel<T, R>(
  jobs: readonly T[],
  run: (job: T, index: number) => Promise<R>,
  atOnce: number = availableParallelism(),
): Promise<readonly R[]> {
  const results: R[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < jobs.length) {
      const index = next;
      next += 1;
      results[index] = await run(jobs[index] as T, index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, jobs.length) }, lane));
  return results;
}
