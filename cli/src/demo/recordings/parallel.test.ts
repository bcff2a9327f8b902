import { expect, test } from "vitest";
import { inParallel } from "./parallel.ts";

test("results keep the order of the jobs, and no more run at once than allowed", async () => {
  const ends: (() => void)[] = [];
  let most = 0;
  let running = 0;
  const done = inParallel(
    ["a", "b", "c"],
    async (job, index) => {
      running += 1;
      most = Math.max(most, running);
      await new Promise<void>((resolve) => ends.push(resolve));
      running -= 1;
      return `${job}${index}`;
    },
    2,
  );
  // The second job ends before the first.
  ends[1]?.();
  await Promise.resolve();
  ends[0]?.();
  while (ends.length < 3) await Promise.resolve();
  ends[2]?.();
  expect(await done).toEqual(["a0", "b1", "c2"]);
  expect(most).toBe(2);
});

test("a job that fails fails them all", async () => {
  const run = (job: number) => (job === 1 ? Promise.reject(new Error("no")) : Promise.resolve(job));
  await expect(inParallel([0, 1], run)).rejects.toThrow("no");
});
