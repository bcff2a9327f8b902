import { expect, test } from "vitest";

import { turns } from "./turns.ts";

test("operations do not overlap, and one that fails does not stop the next", async () => {
  const alone = turns();
  let running = 0;
  const work = async (index: number): Promise<number> => {
    running += 1;
    expect(running).toBe(1);
    await Promise.resolve();
    running -= 1;
    if (index === 1) throw new Error("one");
    return index;
  };
  const all = await Promise.allSettled([0, 1, 2].map((index) => alone(() => work(index))));
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
